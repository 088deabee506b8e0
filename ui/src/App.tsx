// Who sees what: the sign-in page until the server knows the reader, then the pages in their frame.
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { type QueryCache, QueryClientProvider, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { ApiError } from './api/client';
import { client, useMe } from './api/use';
import { Frame } from './frame/Frame';
import { HostPage } from './pages/HostPage';
import { HostsPage } from './pages/HostsPage';
import { SignIn } from './pages/SignIn';
import { Boundary } from './parts/Boundary';
import { Empty, Failure, Skeleton } from './parts/States';
import { resolver, theme } from './theme';

const QueryPage = lazy(() => import('./pages/QueryPage'));

const scheme = localStorageColorSchemeManager({ key: 'leadline-color-scheme' });

/** One route for both addresses, so that the editor stays as it is when a run gives the query its number. */
const QUERY = /^\/(?:query|queries\/live\/(?<id>\d+))\/?$/;

const expired = (error: unknown): boolean => error instanceof ApiError && error.status === 401;

/** A session that ends while pages are open shows the sign-in page; the address stays, so the reader comes back to it. */
function useExpiry(): void {
  const cache = useQueryClient();
  useEffect(
    () =>
      (cache.getQueryCache() as QueryCache).subscribe((event) => {
        if (event.type === 'updated' && event.query.queryKey[0] !== 'me' && expired(event.query.state.error)) {
          void cache.invalidateQueries({ queryKey: ['me'] });
        }
      }),
    [cache],
  );
}

function Pages() {
  const [place] = useLocation();
  return (
    <Frame>
      <Boundary place={place}>
        <Suspense fallback={<Skeleton label="Loading the page" />}>
          <Switch>
            <Route path="/">
              <Redirect to="/hosts" replace />
            </Route>
            <Route path="/hosts" component={HostsPage} />
            <Route path="/hosts/:id">{({ id }) => <HostPage key={id} id={Number(id)} />}</Route>
            <Route path={QUERY}>{({ id }) => <QueryPage id={id ? Number(id) : null} />}</Route>
            <Route>
              <Empty title="There is no page at this address.">
                <a href="/hosts">Go to hosts</a>
              </Empty>
            </Route>
          </Switch>
        </Suspense>
      </Boundary>
    </Frame>
  );
}

function Gate() {
  const me = useMe();
  useExpiry();
  if (me.isPending) return null;
  if (expired(me.error)) return <SignIn />;
  if (!me.data) return <Failure what="Leadline cannot start." error={me.error} retry={() => void me.refetch()} />;
  return <Pages />;
}

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolver}
      colorSchemeManager={scheme}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={client}>
        <Gate />
      </QueryClientProvider>
    </MantineProvider>
  );
}
