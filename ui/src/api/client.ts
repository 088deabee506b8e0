// One way to talk to the server: JSON, the session cookie, and errors as values with the server's own words.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly requestId: string | null,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

interface ErrorBody {
  message?: string;
  errors?: { name?: string; reason?: string }[];
  uuid?: string;
}

export const FLEET = '/api/latest/fleet';
export const OURS = '/api/latest/leadline';

/** The sentence for a response that is not 2xx. The reasons say more than Fleet's general message. */
export function sentence(status: number, body: ErrorBody): string {
  const reasons = (body.errors ?? []).map((error) => error.reason).filter((reason) => reason);
  return reasons.join(' ') || body.message || `The server answered with status ${status}.`;
}

async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, credentials: 'same-origin', headers: { Accept: 'application/json' } };
  if (method !== 'GET') {
    // The cookie alone is no permission to change something: the server also wants this type and our origin.
    init.headers = { Accept: 'application/json', 'Content-Type': 'application/json' };
    init.body = JSON.stringify(body ?? {});
  }
  if (signal) init.signal = signal;
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'The server cannot be reached.', null);
  }
  const text = await response.text();
  let data: unknown = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    data = null;
  }
  if (!response.ok) {
    const problem = (data ?? {}) as ErrorBody;
    const id = problem.uuid ?? response.headers.get('x-request-id');
    throw new ApiError(response.status, sentence(response.status, problem), id || null);
  }
  return data as T;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => request<T>('GET', path, undefined, signal);
export const post = <T>(path: string, body?: unknown): Promise<T> => request<T>('POST', path, body);
export const del = <T>(path: string): Promise<T> => request<T>('DELETE', path);

/** `?a=1&b=2` without the empty ones, or nothing. */
export function search(values: Record<string, string | number | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : '';
}
