// What the server says, as far as the pages use it. Fleet's names where Fleet has them.

export type HostStatus = 'online' | 'offline' | 'mia' | 'missing' | 'new';

export interface Host {
  id: number;
  hostname: string;
  display_name: string;
  computer_name: string;
  uuid: string;
  platform: string;
  platform_like: string;
  os_version: string;
  build: string;
  code_name: string;
  osquery_version: string;
  status: HostStatus;
  created_at: string;
  seen_time: string;
  detail_updated_at: string | null;
  last_enrolled_at: string | null;
  last_restarted_at: string | null;
  /** nanoseconds */
  uptime: number;
  /** bytes */
  memory: number;
  cpu_type: string;
  cpu_brand: string;
  cpu_physical_cores: number;
  cpu_logical_cores: number;
  hardware_vendor: string;
  hardware_model: string;
  hardware_version: string;
  hardware_serial: string;
  public_ip: string;
  primary_ip: string;
  primary_mac: string;
  distributed_interval: number;
  config_tls_refresh: number;
  logger_tls_period: number;
  gigs_disk_space_available: number;
  gigs_total_disk_space: number;
  percent_disk_space_available: number;
}

export interface HostSummary {
  totals_hosts_count: number;
  online_count: number;
  offline_count: number;
  mia_count: number;
  new_count: number;
}

export interface User {
  id: number;
  name: string;
  email: string;
  global_role: string | null;
}

export interface HostRef {
  id: number;
  hostname: string;
  display_name: string;
}

export type LiveStatus = 'running' | 'finished' | 'cancelled' | 'expired';

export interface Totals {
  targeted: number;
  queued: number;
  sent: number;
  answered: number;
  empty: number;
  failed: number;
  timed_out: number;
  offline: number;
  rows: number;
}

export interface LiveQuery {
  id: number;
  query: string;
  status: LiveStatus;
  created_at: string;
  finished_at: string | null;
  expires_at: string;
  created_by: { id: number; name: string; email: string } | null;
  totals: Totals;
}

export type Cell = string | number | null;

/** One host's answer. */
export interface Answer {
  seq: number;
  host: HostRef;
  state: 'answered' | 'empty' | 'failed' | 'timed_out';
  error: string | null;
  rows: Record<string, Cell>[];
  truncated: boolean;
  wall_time_ms: number | null;
}

export interface HostOutcome {
  host: HostRef;
  state: string;
  error: string | null;
  rows: number;
  answered_at: string | null;
}

export interface CatalogueColumn {
  name: string;
  type: string;
  description: string;
  required: boolean;
  index: boolean;
  hidden: boolean;
}

export interface CatalogueTable {
  name: string;
  description: string;
  platforms: string[];
  aliases: string[];
  examples: string[];
  notes: string;
  columns: CatalogueColumn[];
}

export interface ServerInfo {
  version: string;
  osquery_version: string;
  name: string;
  base_url: string;
}
