// Dialogs and drawers, composed by hand so that each has one name and no second banner.
import { Drawer, Modal, type ModalRootProps } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Dialog.module.css';

interface Props {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
}

/** A dialog in the middle of the page, with its title. */
export function Dialog({ opened, onClose, title, children, size = 440 }: Props & { size?: number }) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size} centered transitionProps={{ duration: 80 }}>
      <Modal.Overlay backgroundOpacity={0.35} />
      <Modal.Content>
        <div className={classes.head}>
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

/** A dialog that is all content, near the top of the page. */
export function Sheet({ opened, onClose, title, children, ...rest }: Props & Pick<ModalRootProps, 'size' | 'yOffset'>) {
  return (
    <Modal.Root opened={opened} onClose={onClose} transitionProps={{ duration: 80 }} {...rest}>
      <Modal.Overlay backgroundOpacity={0.35} />
      <Modal.Content aria-label={title}>
        <Modal.Body p={0}>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

interface SideProps extends Props {
  position: 'left' | 'right';
  size: number;
}

/** A panel that slides in from one side, on screens too narrow to keep it open. */
export function Side({ opened, onClose, title, children, position, size }: SideProps) {
  return (
    <Drawer.Root opened={opened} onClose={onClose} position={position} size={size} transitionProps={{ duration: 100 }}>
      <Drawer.Overlay backgroundOpacity={0.35} />
      <Drawer.Content aria-label={title}>
        <Drawer.Body p={0} h="100%">
          {children}
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
