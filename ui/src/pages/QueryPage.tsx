// Ask: the editor above, whom to ask under it, the answer below, the schema beside.
import { Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { useCancel, useCatalogue, useRun } from '../api/use';
import { useKeys } from '../keys';
import { Side } from '../parts/Dialog';
import { Icon } from '../parts/Icon';
import { type Diagnosis, diagnose, tablesIn } from '../query/diagnose';
import { useDraft } from '../query/draft';
import { Editor, type EditorHandle } from '../query/Editor';
import { Recent } from '../query/Recent';
import { Results } from '../query/Results';
import { SchemaBar } from '../query/SchemaBar';
import { useLive } from '../query/stream';
import { Targets } from '../query/Targets';
import { remember, useSettings } from '../settings';
import classes from './QueryPage.module.css';
import { useTitle } from './title';

export default function QueryPage({ id }: { id: number | null }) {
  const [, go] = useLocation();
  const search = useSearch();
  const [draft, change] = useDraft(search);
  const [attempt, setAttempt] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  const { schema } = useSettings();
  const narrow = useMediaQuery('(max-width: 1000px)') ?? false;
  const [drawer, setDrawer] = useState(false);
  const editor = useRef<EditorHandle>(null);
  /** The live query whose SQL the editor holds. */
  const loaded = useRef<number | null>(null);
  const catalogue = useCatalogue();
  const run = useRun();
  const cancel = useCancel();
  const live = useLive(id, attempt);
  const query = live.state.live;
  const running = query?.status === 'running';
  useTitle(id === null ? 'Query' : `Query ${id}`);

  // A link to this page sets the draft; the address is then cleaned, so that a reload keeps what was written since.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new address counts
  useEffect(() => {
    if (!search || id !== null) return;
    const params = new URLSearchParams(search);
    const sql = params.get('sql');
    if (sql) editor.current?.set(sql);
    const hosts = (params.get('hosts') ?? '')
      .split(',')
      .map(Number)
      .filter((one) => one > 0);
    change({ ...(sql ? { sql } : {}), ...(hosts.length > 0 ? { targets: hosts } : {}) });
    go('/query', { replace: true });
  }, [search]);

  // Opening a live query puts its SQL into the editor, unless it came from there.
  useEffect(() => {
    if (id !== null && query?.id === id && loaded.current !== id) {
      loaded.current = id;
      editor.current?.set(query.query);
    }
  }, [id, query]);

  const start = (): void => {
    if (run.isPending) return;
    const sql = draft.sql.trim();
    const missing = !sql ? 'Write a statement first.' : draft.targets.length === 0 ? 'Choose at least one host.' : null;
    setProblem(missing);
    if (missing) return;
    run.mutate(
      { query: sql, hosts: draft.targets },
      {
        onSuccess: ({ campaign }) => {
          loaded.current = campaign.id;
          go(`/queries/live/${campaign.id}`);
        },
        onError: (error) => setProblem(error.message),
      },
    );
  };

  useKeys([
    { keys: 'Ctrl Enter', does: 'Run the statement', run: start },
    { keys: 'e', does: 'Edit the statement', run: () => editor.current?.focus() },
  ]);

  const tables = catalogue.data;
  const same = query !== null && draft.sql.trim() === query.query.trim();
  const problems = useMemo((): Diagnosis[] => {
    if (!same || !tables) return [];
    const texts = new Set(
      live.state.messages.filter((message) => message.state === 'failed').map((message) => message.text),
    );
    return [...texts].slice(0, 5).flatMap((text) => diagnose(draft.sql, text, tables) ?? []);
  }, [same, tables, live.state.messages, draft.sql]);

  const panel = (
    <SchemaBar
      used={tablesIn(draft.sql).map((found) => found.name)}
      onInsert={(text) => {
        editor.current?.insert(text);
        setDrawer(false);
      }}
      onExample={(sql) => {
        editor.current?.set(sql);
        editor.current?.focus();
        setDrawer(false);
      }}
    />
  );

  return (
    <div className={classes.page} data-schema={!narrow && schema === 'open' ? true : undefined}>
      <div className={classes.work}>
        <h1 className="sr">Query</h1>
        <div className={classes.editor}>
          <Editor
            ref={editor}
            value={draft.sql}
            tables={tables}
            problems={problems}
            onChange={(sql) => change({ sql })}
            onRun={start}
          />
        </div>
        <div className={classes.line}>
          <Targets targets={draft.targets} onChange={(targets) => change({ targets })} />
          <div className={classes.actions}>
            {problem && (
              <span className={classes.problem} role="alert">
                {problem}
              </span>
            )}
            <Button
              variant="subtle"
              color="gray"
              leftSection={<Icon name="columns" />}
              aria-pressed={narrow ? drawer : schema === 'open'}
              onClick={() => (narrow ? setDrawer(true) : remember({ schema: schema === 'open' ? 'closed' : 'open' }))}
            >
              Schema
            </Button>
            {running && id !== null && (
              <Button
                variant="default"
                leftSection={<Icon name="stop" size={12} />}
                onClick={() => cancel.mutate(id)}
                disabled={cancel.isPending}
              >
                Cancel
              </Button>
            )}
            <Button
              leftSection={<Icon name="play" size={12} />}
              onClick={start}
              title="Run (Ctrl-Enter)"
              aria-keyshortcuts="Control+Enter"
              aria-disabled={run.isPending}
            >
              Run
            </Button>
          </div>
        </div>
        {id === null ? (
          <Recent />
        ) : (
          <Results
            key={id}
            id={id}
            live={live}
            tables={tables ?? []}
            onRetry={() => setAttempt(attempt + 1)}
            onFix={(found) => {
              if (same && found.fix) editor.current?.replace(found.from, found.to, found.fix);
              editor.current?.focus();
            }}
          />
        )}
      </div>
      {!narrow && schema === 'open' && (
        <aside className={classes.aside} aria-label="Schema">
          {panel}
        </aside>
      )}
      <Side opened={narrow && drawer} onClose={() => setDrawer(false)} title="Schema" position="right" size={340}>
        {panel}
      </Side>
    </div>
  );
}
