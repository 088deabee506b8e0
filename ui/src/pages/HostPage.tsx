// One host: what it is, where it is, how it is, and the questions one asks first.
import { Button, Menu, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { ApiError } from '../api/client';
import type { Host } from '../api/types';
import { useDeleteHost, useHost } from '../api/use';
import { Dialog } from '../parts/Dialog';
import { Icon } from '../parts/Icon';
import { Empty, Failure, Skeleton } from '../parts/States';
import { Status } from '../parts/Status';
import { Time } from '../parts/Time';
import { Txt } from '../parts/Txt';
import { bytes, count, duration, plural } from '../text/format';
import { visible } from '../text/visible';
import classes from './HostPage.module.css';
import page from './page.module.css';
import { useTitle } from './title';

/** Where an investigation starts. Each opens the query page with this host as its target. */
const QUESTIONS: [string, string][] = [
  [
    'Processes by memory',
    'SELECT pid, name, path, uid, resident_size, total_size\nFROM processes\nORDER BY resident_size DESC\nLIMIT 50',
  ],
  [
    'Listening ports',
    'SELECT p.name, p.pid, l.address, l.port, l.protocol, p.path\nFROM listening_ports AS l JOIN processes AS p USING (pid)\nWHERE l.port > 0\nORDER BY l.port',
  ],
  [
    'Open connections',
    "SELECT p.name, s.pid, s.local_address, s.local_port, s.remote_address, s.remote_port, s.state\nFROM process_open_sockets AS s JOIN processes AS p USING (pid)\nWHERE s.remote_port > 0 AND s.remote_address NOT IN ('127.0.0.1', '::1')",
  ],
  [
    'Users who can log in',
    "SELECT username, uid, gid, directory, shell\nFROM users\nWHERE shell NOT LIKE '%nologin' AND shell NOT LIKE '%false'",
  ],
  ['Scheduled jobs', 'SELECT command, minute, hour, day_of_month, month, day_of_week, path\nFROM crontab'],
  ['Programs removed from disk', 'SELECT pid, name, path, cmdline\nFROM processes\nWHERE on_disk = 0'],
];

const queryLink = (host: Host, sql?: string): string =>
  `/query?hosts=${host.id}${sql ? `&sql=${encodeURIComponent(sql)}` : ''}`;

function Fact({ name, children, title }: { name: string; children: ReactNode; title?: string }) {
  const empty = children === '' || children === null || children === undefined || children === 0;
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd title={title}>
        {empty ? (
          <span className="dim">not known</span>
        ) : typeof children === 'string' ? (
          <Txt value={children} />
        ) : (
          children
        )}
      </dd>
    </div>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.group}>
      <h2>{title}</h2>
      <dl>{children}</dl>
    </section>
  );
}

const mono = (value: string): ReactNode => (value ? <code className={classes.mono}>{<Txt value={value} />}</code> : '');

const cores = (host: Host): string => {
  if (!host.cpu_logical_cores) return '';
  const physical = host.cpu_physical_cores ? `${plural(host.cpu_physical_cores, 'core')}, ` : '';
  return `${physical}${plural(host.cpu_logical_cores, 'thread')}`;
};

function Facts({ host }: { host: Host }) {
  const disk = host.gigs_total_disk_space
    ? `${host.gigs_disk_space_available.toFixed(1)} GB free of ${host.gigs_total_disk_space.toFixed(1)} GB`
    : '';
  return (
    <div className={classes.facts}>
      <Group title="System">
        <Fact name="Operating system">{host.os_version}</Fact>
        <Fact name="Platform">{mono(host.platform)}</Fact>
        <Fact name="Build">{mono(host.build)}</Fact>
        <Fact name="Host name">{mono(host.hostname)}</Fact>
        <Fact name="Up for">{host.uptime ? <span className="num">{duration(host.uptime / 1e9)}</span> : ''}</Fact>
        <Fact name="Started">
          <Time at={host.last_restarted_at} never="not known" />
        </Fact>
      </Group>
      <Group title="Hardware">
        <Fact name="Model">{[host.hardware_vendor, host.hardware_model].filter(Boolean).join(' ')}</Fact>
        <Fact name="Serial number">{mono(host.hardware_serial)}</Fact>
        <Fact name="Processor">{host.cpu_brand}</Fact>
        <Fact name="Cores">{cores(host)}</Fact>
        <Fact name="Memory" title={host.memory ? `${count(host.memory)} bytes` : ''}>
          {host.memory ? <span className="num">{bytes(host.memory)}</span> : ''}
        </Fact>
        <Fact name="Disk">{disk}</Fact>
      </Group>
      <Group title="Network">
        <Fact name="Address">{mono(host.primary_ip)}</Fact>
        <Fact name="Hardware address">{mono(host.primary_mac)}</Fact>
        <Fact name="Seen from">{mono(host.public_ip)}</Fact>
      </Group>
      <Group title="Agent">
        <Fact name="Version">{mono(host.osquery_version)}</Fact>
        <Fact name="Enrolled">
          <Time at={host.last_enrolled_at} />
        </Fact>
        <Fact name="Last seen">
          <Time at={host.seen_time} />
        </Fact>
        <Fact name="Details read">
          <Time at={host.detail_updated_at} />
        </Fact>
        <Fact name="Asks for queries">
          {host.distributed_interval ? `every ${duration(host.distributed_interval)}` : ''}
        </Fact>
        <Fact name="UUID">{mono(host.uuid)}</Fact>
      </Group>
    </div>
  );
}

function DeleteDialog({ host, opened, onClose }: { host: Host; opened: boolean; onClose: () => void }) {
  const [, go] = useLocation();
  const [typed, setTyped] = useState('');
  const remove = useDeleteHost();
  // A name with hidden characters cannot be typed: what is shown of it counts as well.
  const right = [host.display_name.trim(), visible(host.display_name).trim()].includes(typed.trim());
  return (
    <Dialog opened={opened} onClose={onClose} title={`Delete ${visible(host.display_name)}`}>
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          if (right && !remove.isPending) remove.mutate(host.id, { onSuccess: () => go('/hosts', { replace: true }) });
        }}
      >
        <p>
          The server forgets this host and what it knows of it. An agent that still runs there enrolls again as a new
          host.
        </p>
        <TextInput
          label={`Type ${visible(host.display_name)} to delete it`}
          value={typed}
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        {remove.error && (
          <p className={classes.error} role="alert">
            {remove.error.message}
          </p>
        )}
        <Button type="submit" color="red" disabled={!right}>
          Delete the host
        </Button>
      </form>
    </Dialog>
  );
}

export function HostPage({ id }: { id: number }) {
  const [, go] = useLocation();
  const [deleting, setDeleting] = useState(false);
  const answer = useHost(id);
  const host = answer.data?.host;
  useTitle(host?.display_name ?? 'Host');

  if (answer.error instanceof ApiError && answer.error.status === 404) {
    return (
      <Empty title="There is no such host.">
        <p>It may have been deleted, or have enrolled again under another number.</p>
        <Link to="/hosts">See all hosts</Link>
      </Empty>
    );
  }
  if (!host) {
    return answer.error ? (
      <Failure what="The host cannot be shown." error={answer.error} retry={() => void answer.refetch()} />
    ) : (
      <Skeleton label="Loading the host" rows={8} />
    );
  }
  return (
    <>
      <nav className={classes.trail} aria-label="Trail">
        <Link to="/hosts">Hosts</Link>
      </nav>
      <header className={`${page.head} ${classes.head}`}>
        <h1>
          <Txt value={host.display_name || host.hostname || host.uuid} />
        </h1>
        <Status state={host.status} />
        <span className="dim">
          <Time at={host.seen_time} never="never seen" />
        </span>
        <span className={page.space} />
        <Button leftSection={<Icon name="play" size={12} />} onClick={() => go(queryLink(host))}>
          Query this host
        </Button>
        <Menu>
          <Menu.Target>
            <Button variant="default" rightSection={<Icon name="down" size={12} />}>
              More
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item color="red" onClick={() => setDeleting(true)}>
              Delete the host…
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </header>
      <Facts host={host} />
      <section className={classes.questions}>
        <h2>Ask it</h2>
        <ul>
          {QUESTIONS.map(([name, sql]) => (
            <li key={name}>
              <Link to={queryLink(host, sql)}>
                <span>{name}</span>
                <code>{sql.replace(/\s+/g, ' ')}</code>
              </Link>
            </li>
          ))}
        </ul>
      </section>
      <DeleteDialog host={host} opened={deleting} onClose={() => setDeleting(false)} />
    </>
  );
}
