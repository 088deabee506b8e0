// The SQL editor: completion from the catalogue, marks under what will not work, Ctrl-Enter to run.
import {
  autocompletion,
  type CompletionContext,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { sql } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import type { CatalogueTable } from '../api/types';
import { columnOption, DIALECT, schemaOf } from './completion';
import { type Diagnosis, precheck, tablesIn } from './diagnose';
import './editor.css';

export interface EditorHandle {
  set: (text: string) => void;
  insert: (text: string) => void;
  replace: (from: number, to: number, text: string) => void;
  focus: () => void;
}

interface Props {
  value: string;
  tables: CatalogueTable[] | undefined;
  /** What the hosts' errors point at. */
  problems: Diagnosis[];
  onChange: (text: string) => void;
  onRun: () => void;
  ref?: Ref<EditorHandle>;
}

const highlight = HighlightStyle.define([
  { tag: tags.keyword, class: 'sql-keyword' },
  { tag: [tags.string, tags.special(tags.string), tags.number, tags.bool, tags.null], class: 'sql-literal' },
  { tag: [tags.lineComment, tags.blockComment], class: 'sql-comment' },
  { tag: [tags.operator, tags.punctuation], class: 'sql-operator' },
]);

/** Completes columns of the tables that the statement names, without a prefix. */
function bareColumns(tables: CatalogueTable[]) {
  const byName = new Map(tables.map((table) => [table.name, table]));
  return (context: CompletionContext) => {
    const word = context.matchBefore(/\w*/);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    if (context.state.sliceDoc(word.from - 1, word.from) === '.') return null;
    const used = new Set(tablesIn(context.state.doc.toString()).map((found) => found.name));
    const options = [...used].flatMap(
      (name) => byName.get(name)?.columns.map((column) => columnOption(column, name)) ?? [],
    );
    return options.length > 0 ? { from: word.from, options, validFor: /^\w*$/ } : null;
  };
}

function language(tables: CatalogueTable[] | undefined): Extension {
  const base = sql({ dialect: DIALECT, schema: schemaOf(tables ?? []), upperCaseKeywords: true });
  return tables ? [base, DIALECT.language.data.of({ autocomplete: bareColumns(tables) })] : base;
}

const mark = (view: EditorView, found: Diagnosis, severity: Diagnostic['severity']): Diagnostic => {
  const end = view.state.doc.length;
  const out: Diagnostic = {
    from: Math.min(found.from, end),
    to: Math.min(found.to, end),
    severity,
    message: found.text,
  };
  if (found.fix) {
    const insert = found.fix;
    out.actions = [
      { name: `Use ${insert}`, apply: (editor, from, to) => editor.dispatch({ changes: { from, to, insert } }) },
    ];
  }
  return out;
};

export function Editor({ value, tables, problems, onChange, onRun, ref }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const grammar = useRef(new Compartment());
  const latest = useRef({ onChange, onRun });
  latest.current = { onChange, onRun };
  const first = useRef(value);

  useEffect(() => {
    const run = (): boolean => {
      latest.current.onRun();
      return true;
    };
    const editor = new EditorView({
      parent: box.current!,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          history(),
          drawSelection(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false }),
          syntaxHighlighting(highlight),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': 'SQL', 'aria-multiline': 'true', spellcheck: 'false' }),
          placeholder('SELECT … FROM …'),
          keymap.of([
            { key: 'Mod-Enter', run },
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...historyKeymap,
            ...defaultKeymap,
          ]),
          // Tab must not trap the keyboard: it indents only when something is selected or a line begins.
          keymap.of([
            {
              ...indentWithTab,
              run: (target) => (target.state.selection.main.empty ? false : (indentWithTab.run?.(target) ?? false)),
            },
          ]),
          grammar.current.of(language(undefined)),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    view.current?.dispatch({ effects: grammar.current.reconfigure(language(tables)) });
  }, [tables]);

  useEffect(() => {
    const timer = setTimeout(() => {
      const editor = view.current;
      if (!editor) return;
      // A word that is being typed is no mistake yet.
      const { head } = editor.state.selection.main;
      const finished = (found: Diagnosis): boolean => !editor.hasFocus || head < found.from || head > found.to;
      const early = tables ? precheck(editor.state.doc.toString(), tables).filter(finished) : [];
      const marks = [
        ...problems.map((found) => mark(editor, found, 'error')),
        ...early
          .filter((found) => !problems.some((problem) => problem.from === found.from))
          .map((found) => mark(editor, found, 'warning')),
      ];
      editor.dispatch(setDiagnostics(editor.state, value === editor.state.doc.toString() ? marks : []));
    }, 500);
    return () => clearTimeout(timer);
  }, [value, tables, problems]);

  useImperativeHandle(ref, () => ({
    set: (text) => {
      const editor = view.current;
      if (!editor || editor.state.doc.toString() === text) return;
      editor.dispatch({
        changes: { from: 0, to: editor.state.doc.length, insert: text },
        selection: { anchor: text.length },
      });
    },
    insert: (text) => {
      const editor = view.current;
      if (!editor) return;
      editor.dispatch(editor.state.replaceSelection(text));
      editor.focus();
    },
    replace: (from, to, insert) => view.current?.dispatch({ changes: { from, to, insert } }),
    focus: () => view.current?.focus(),
  }));

  return <div ref={box} className="sql-editor" />;
}
