import { describe, expect, it } from 'vitest';
import type { Answer, CatalogueTable, Totals } from '../api/types';
import { diagnose, nearest, precheck, tablesIn } from './diagnose';
import { csv, guard, json, markdown, sql } from './export';
import { EMPTY, MAX_ROWS, reduce, summary } from './rows';
import { arrange, HOST } from './view';

const host = (id: number) => ({ id, hostname: `h${id}`, display_name: `h${id}` });
const answer = (seq: number, rows: Answer['rows'], rest: Partial<Answer> = {}): Answer => ({
  seq,
  host: host(seq),
  state: 'answered',
  error: null,
  rows,
  truncated: false,
  wall_time_ms: 3,
  ...rest,
});

describe('the stream of answers', () => {
  it('keeps rows in order of arrival and columns in order of appearance', () => {
    const first = reduce(EMPTY, { type: 'answers', answers: [answer(1, [{ pid: '1', name: 'init' }])] });
    const second = reduce(first, { type: 'answers', answers: [answer(2, [{ name: 'sh', extra: '' }])] });
    expect(second.columns.map((column) => column.name)).toEqual(['pid', 'name', 'extra']);
    expect(second.rows.map((row) => row.host.id)).toEqual([1, 2]);
    expect(second.columns[0]?.numeric).toBe(true);
    expect(second.columns[1]?.numeric).toBe(false);
  });

  it('skips what it has seen when a lost connection resumes', () => {
    const once = reduce(EMPTY, { type: 'answers', answers: [answer(1, [{ a: '1' }]), answer(2, [{ a: '2' }])] });
    const again = reduce(once, { type: 'answers', answers: [answer(1, [{ a: '1' }]), answer(2, [{ a: '2' }])] });
    expect(again).toBe(once);
  });

  it('does not change how a column looks once it has been painted', () => {
    const first = reduce(EMPTY, { type: 'answers', answers: [answer(1, [{ a: '1' }])] });
    const second = reduce(first, { type: 'answers', answers: [answer(2, [{ a: 'text' }])] });
    expect(second.columns[0]).toBe(first.columns[0]);
  });

  it('collects errors, time-outs and cut answers as messages', () => {
    const state = reduce(EMPTY, {
      type: 'answers',
      answers: [
        answer(1, [], { state: 'failed', error: 'no such table: x' }),
        answer(2, [], { state: 'timed_out' }),
        answer(3, [{ a: '1' }], { truncated: true }),
      ],
    });
    expect(state.messages.map((message) => message.state)).toEqual(['failed', 'timed_out', 'truncated']);
    expect(state.messages[0]?.text).toBe('no such table: x');
  });

  it('counts the rows that it no longer holds', () => {
    const many = Array.from({ length: MAX_ROWS + 5 }, () => ({ a: '1' }));
    const state = reduce(EMPTY, { type: 'answers', answers: [answer(1, many), answer(2, [{ a: '2' }])] });
    expect(state.rows).toHaveLength(MAX_ROWS);
    expect(state.dropped).toBe(6);
  });

  it('sums up the totals', () => {
    const totals: Totals = {
      targeted: 10,
      queued: 1,
      sent: 1,
      answered: 3,
      empty: 2,
      failed: 1,
      timed_out: 1,
      offline: 1,
      rows: 90,
    };
    expect(summary(totals)).toEqual({ answered: 6, targeted: 10, errors: 2, offline: 1, waiting: 2 });
  });
});

describe('exports', () => {
  const sheet = {
    columns: ['host', 'value'],
    rows: [
      ['h1', '=cmd|calc'],
      ['h,2', null],
      ['h"3', '-12'],
    ],
  };

  it('guard what a spreadsheet would run, and leave numbers alone', () => {
    expect(['=1+1', '+x', '-x', '@x', '\tx'].map(guard)).toEqual(["'=1+1", "'+x", "'-x", "'@x", "'\tx"]);
    expect(['-12', '+3.5', 'a=b', ''].map(guard)).toEqual(['-12', '+3.5', 'a=b', '']);
    expect(csv(sheet)).toBe('host,value\r\nh1,\'=cmd|calc\r\n"h,2",\r\n"h""3",-12\r\n');
  });

  it('keep NULL in JSON, Markdown and SQL', () => {
    expect(JSON.parse(json(sheet))[1]).toEqual({ host: 'h,2', value: null });
    expect(markdown(sheet).split('\n')[2]).toBe('| h1 | =cmd\\|calc |');
    expect(sql(sheet)).toContain("('h,2', NULL)");
    expect(sql({ columns: ['a'], rows: [["it's"]] })).toContain("('it''s')");
  });
});

const column = (name: string, required = false) => ({
  name,
  type: 'TEXT',
  description: '',
  required,
  index: false,
  hidden: false,
});
const tables = [
  { name: 'processes', columns: [column('pid'), column('name'), column('cmdline')] },
  { name: 'file', columns: [column('path', true), column('directory', true)] },
].map(
  (table): CatalogueTable => ({
    description: '',
    platforms: ['linux'],
    aliases: [],
    examples: [],
    notes: '',
    ...table,
  }),
);

describe('the diagnosis of an error', () => {
  it('finds tables after FROM, JOIN and commas, not in strings or comments', () => {
    const text = "SELECT 'from x' FROM processes p, users AS u JOIN file f ON f.path = p.path -- from y";
    expect(tablesIn(text).map((found) => found.name)).toEqual(['processes', 'users', 'file']);
  });

  it('points at a mistyped table and names the nearest', () => {
    const found = diagnose('SELECT * FROM procesess', 'Error: no such table: procesess', tables);
    expect(found).toMatchObject({ from: 14, to: 23, fix: 'processes' });
  });

  it('points at a mistyped column of the tables in the statement', () => {
    expect(diagnose('SELECT nmae FROM processes', 'no such column: nmae', tables)).toMatchObject({
      from: 7,
      fix: 'name',
    });
  });

  it('points at the word before which SQLite stopped', () => {
    expect(diagnose('SELECT * FORM processes', 'near "FORM": syntax error', tables)).toMatchObject({ from: 9, to: 13 });
    expect(diagnose('SELECT 1', 'disk I/O error', tables)).toBeUndefined();
  });

  it('warns before running of unknown tables and missing required columns', () => {
    expect(precheck('SELECT * FROM processs', tables)[0]?.fix).toBe('processes');
    expect(precheck('SELECT * FROM file', tables)[0]?.text).toContain('path or directory');
    expect(precheck("SELECT * FROM file WHERE path = '/etc'", tables)).toEqual([]);
    expect(precheck('WITH t AS (SELECT 1) SELECT * FROM t', tables)).toEqual([]);
  });

  it('suggests nothing for a word that is like no other', () => {
    expect(nearest('zzzzzz', ['processes', 'file'])).toBeUndefined();
  });
});

describe('the rows on the screen', () => {
  const rows = ['10', '9', null, 'b', 'a', ''].map((value, index) => ({ host: host(index), cells: { v: value } }));
  const values = (order: number[]) => order.map((index) => rows[index]?.cells.v);

  it('sort NULL first, numbers as numbers, then text', () => {
    expect(values(arrange(rows, 6, [], { key: 'v', down: false }))).toEqual([null, '9', '10', '', 'a', 'b']);
    expect(values(arrange(rows, 6, [], { key: 'v', down: true }))).toEqual(['b', 'a', '', '10', '9', null]);
  });

  it('tell NULL from the empty string in filters', () => {
    expect(values(arrange(rows, 6, [{ key: 'v', value: null, exclude: false }], null))).toEqual([null]);
    expect(values(arrange(rows, 6, [{ key: 'v', value: '', exclude: true }], null))).toEqual([
      '10',
      '9',
      null,
      'b',
      'a',
    ]);
    expect(values(arrange(rows, 6, [{ key: HOST, value: 'h3', exclude: false }], null))).toEqual(['b']);
  });

  it('leave out what came after the reader sorted', () => {
    expect(arrange(rows, 2, [], { key: 'v', down: false })).toEqual([1, 0]);
  });
});
