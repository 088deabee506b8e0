// How a host joins: the secret, the flags, the command, ready to copy.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useEnrollSecret, useServer } from '../api/use';
import { Copy } from '../parts/Copy';
import { Failure } from '../parts/States';
import classes from './Enroll.module.css';

/** osquery's flags for this server; our agent and a stock osqueryd read the same file. */
export function flagFile(address: string): string {
  return [
    `--tls_hostname=${address}`,
    '--tls_server_certs=/etc/osquery/ca.pem',
    '--enroll_secret_path=/etc/osquery/enroll_secret',
    '--enroll_tls_endpoint=/api/osquery/enroll',
    '--host_identifier=uuid',
    '--config_plugin=tls',
    '--config_tls_endpoint=/api/osquery/config',
    '--config_refresh=60',
    '--disable_distributed=false',
    '--distributed_plugin=tls',
    '--distributed_interval=10',
    '--distributed_tls_read_endpoint=/api/osquery/distributed/read',
    '--distributed_tls_write_endpoint=/api/osquery/distributed/write',
    '--logger_plugin=tls',
    '--logger_tls_endpoint=/api/osquery/log',
    '--logger_tls_period=10',
    '',
  ].join('\n');
}

function Block({ text, label }: { text: string; label: string }) {
  return (
    <div className={classes.block}>
      <pre tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <Copy text={text}>Copy</Copy>
    </div>
  );
}

function Secret() {
  const [shown, setShown] = useState(false);
  const secrets = useEnrollSecret(shown);
  if (!shown) {
    return (
      <Button variant="default" onClick={() => setShown(true)}>
        Show the enroll secret
      </Button>
    );
  }
  if (secrets.error) return <Failure what="The enroll secret cannot be read." error={secrets.error} />;
  return <Block text={secrets.data?.spec.secrets[0]?.secret ?? '…'} label="Enroll secret" />;
}

export function Enroll() {
  const server = useServer();
  const address = (server.data?.base_url || location.origin).replace(/^https?:\/\//, '').replace(/\/$/, '');
  return (
    <ol className={classes.steps}>
      <li>
        <p>
          Put the server’s certificate authority, <code>ca.pem</code> from its data directory, on the host as{' '}
          <code>/etc/osquery/ca.pem</code>.
        </p>
      </li>
      <li>
        <p>
          Put the enroll secret into <code>/etc/osquery/enroll_secret</code>.
        </p>
        <Secret />
      </li>
      <li>
        <p>
          Put these flags into <code>/etc/osquery/osquery.flags</code>.
        </p>
        <Block text={flagFile(address)} label="Flags" />
      </li>
      <li>
        <p>Start the agent. A stock osqueryd takes the same flags.</p>
        <Block text="leadline agent --flagfile=/etc/osquery/osquery.flags" label="Command" />
      </li>
    </ol>
  );
}
