// A fault of ours in one page leaves the frame standing, says what happened, and offers a way on.
import { Component, type ReactNode } from 'react';
import { Failure } from './States';

interface Props {
  /** Another place is another try. */
  place: string;
  children: ReactNode;
}

export class Boundary extends Component<Props, { error: Error | null; place: string }> {
  override state = { error: null, place: this.props.place };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  static getDerivedStateFromProps(props: Props, state: { error: Error | null; place: string }) {
    return props.place === state.place ? null : { error: null, place: props.place };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <Failure what="This page has a fault." error={this.state.error} retry={() => location.reload()} />;
  }
}
