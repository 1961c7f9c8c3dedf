// The tree around a session, drawn: its chain from the long-term key down, itself, and its descendants.
import type { Descendant, SessionDetails } from '../oversight/sessions/answers.js';
import { linkText } from './session-text.js';
import { printable } from './text.js';

/** Lines without a line end at the end; `*` marks the session that was asked for. @param goesOn whether there are more descendants than these */
export function sessionTreeText(session: SessionDetails, descendants: readonly Descendant[], goesOn: boolean): string {
  const children = new Map<string, Descendant[]>();
  for (const each of descendants) {
    const siblings = children.get(each.parent_session_id);
    if (siblings === undefined) children.set(each.parent_session_id, [each]);
    else siblings.push(each);
  }
  const above = session.chain.map((link, depth) => `${stem(depth)}${linkText(link)}`);
  const own = `${stem(session.chain.length)}* ${descendantText(session)}`;
  const below = linesBelow(session.session_id, '   '.repeat(session.chain.length), children);
  return [...above, own, ...below, ...(goesOn ? ['... and more: raise --limit to see them'] : [])].join('\n');
}

const stem = (depth: number): string => (depth === 0 ? '' : `${'   '.repeat(depth - 1)}└─ `);

function linesBelow(parentId: string, indentation: string, children: ReadonlyMap<string, readonly Descendant[]>): readonly string[] {
  const siblings = children.get(parentId) ?? [];
  return siblings.flatMap((each, at) => {
    const isLast = at === siblings.length - 1;
    return [`${indentation}${isLast ? '└─' : '├─'} ${descendantText(each)}`, ...linesBelow(each.session_id, `${indentation}${isLast ? '   ' : '│  '}`, children)];
  });
}

const descendantText = ({ session_id: id, status, urn }: Pick<Descendant, 'session_id' | 'status' | 'urn'>): string =>
  [id, status, urn].flatMap((text) => (text === undefined ? [] : [printable(text)])).join('  ');
