// The server's data as hooks: what each page reads, how long it stays fresh, and what a change invalidates.
import { keepPreviousData, QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ApiError, del, FLEET, get, OURS, post, search } from './client';
import type { CatalogueTable, Host, HostOutcome, HostSummary, LiveQuery, ServerInfo, User } from './types';

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

export interface HostFilter {
  query: string;
  status: string;
  order_key: string;
  order_direction: 'asc' | 'desc';
  page: number;
  per_page: number;
}

export function useMe() {
  return useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => get<{ user: User }>(`${FLEET}/me`, signal),
    staleTime: 60_000,
  });
}

export function useSignIn() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (form: { email: string; password: string }) => post<{ user: User }>(`${FLEET}/login`, form),
    onSuccess: (data) => cache.setQueryData(['me'], { user: data.user }),
  });
}

export function useSignOut() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => post(`${FLEET}/logout`),
    onSettled: () => {
      // Nothing that one person saw stays for the next one at this browser.
      cache.clear();
      location.assign('/');
    },
  });
}

export function useServer() {
  return useQuery({
    queryKey: ['server'],
    queryFn: ({ signal }) => get<ServerInfo>(`${OURS}/server`, signal),
    staleTime: Infinity,
  });
}

export function useEnrollSecret(wanted: boolean) {
  return useQuery({
    queryKey: ['enroll_secret'],
    enabled: wanted,
    queryFn: ({ signal }) => get<{ spec: { secrets: { secret: string }[] } }>(`${FLEET}/spec/enroll_secret`, signal),
  });
}

export const hostsPath = (filter: HostFilter): string => `${FLEET}/hosts${search({ ...filter })}`;

export function useHosts(filter: HostFilter, refresh = 10_000) {
  return useQuery({
    queryKey: ['hosts', filter],
    queryFn: ({ signal }) => get<{ hosts: Host[] }>(hostsPath(filter), signal),
    placeholderData: keepPreviousData,
    refetchInterval: refresh,
  });
}

export function useHostCount(filter: Pick<HostFilter, 'query' | 'status'>) {
  return useQuery({
    queryKey: ['hosts', 'count', filter],
    queryFn: ({ signal }) => get<{ count: number }>(`${FLEET}/hosts/count${search({ ...filter })}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
}

export function useHostSummary() {
  return useQuery({
    queryKey: ['hosts', 'summary'],
    queryFn: ({ signal }) => get<HostSummary>(`${FLEET}/host_summary`, signal),
    refetchInterval: 10_000,
  });
}

export function useHost(id: number) {
  return useQuery({
    queryKey: ['hosts', 'one', id],
    queryFn: ({ signal }) => get<{ host: Host }>(`${FLEET}/hosts/${id}`, signal),
    refetchInterval: 10_000,
  });
}

export function useDeleteHost() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => del(`${FLEET}/hosts/${id}`),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['hosts'] }),
  });
}

const PAGE = 500;

/** The ids of every host, for a query that asks the whole fleet. */
export async function everyHostId(): Promise<number[]> {
  const ids: number[] = [];
  for (let page = 0; ; page += 1) {
    const filter: HostFilter = { query: '', status: '', order_key: 'id', order_direction: 'asc', page, per_page: PAGE };
    const { hosts } = await get<{ hosts: Host[] }>(hostsPath(filter));
    ids.push(...hosts.map((host) => host.id));
    if (hosts.length < PAGE) return ids;
  }
}

export function useCatalogue() {
  return useQuery({
    queryKey: ['catalogue'],
    queryFn: ({ signal }) => get<{ tables: CatalogueTable[] }>(`${OURS}/catalogue`, signal),
    select: (data) => data.tables,
    staleTime: Infinity,
    gcTime: Infinity,
  });
}

const anyRunning = (data: { live_queries: LiveQuery[] } | undefined): boolean =>
  data?.live_queries.some((live) => live.status === 'running') ?? false;

export function useLiveQueries() {
  return useQuery({
    queryKey: ['live_queries'],
    queryFn: ({ signal }) => get<{ live_queries: LiveQuery[] }>(`${OURS}/live_queries`, signal),
    refetchInterval: (query) => (anyRunning(query.state.data) ? 3_000 : 30_000),
  });
}

export function useOutcomes(id: number, running: boolean) {
  return useQuery({
    queryKey: ['live_queries', id, 'hosts'],
    queryFn: ({ signal }) => get<{ hosts: HostOutcome[] }>(`${OURS}/live_queries/${id}/hosts`, signal),
    refetchInterval: running ? 2_000 : false,
  });
}

export function useRun() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async ({ query, hosts }: { query: string; hosts: number[] | 'all' }) => {
      const ids = hosts === 'all' ? await everyHostId() : hosts;
      const body = { query, selected: { hosts: ids, labels: [], teams: [] } };
      return post<{ campaign: { id: number } }>(`${FLEET}/queries/run`, body);
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: ['live_queries'], exact: true }),
  });
}

export function useCancel() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => post<{ live_query: LiveQuery }>(`${OURS}/live_queries/${id}/cancel`),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['live_queries'] }),
  });
}
