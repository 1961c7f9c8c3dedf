// What of the root user is its own affair, whoever calls the commands.
import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/catalogue/index.js';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { bootstrapSnapshots } from '../../src/directory/bootstrap-snapshots.js';
import { addTags, removeTags } from '../../src/directory/commands/tags.js';
import { updateUser } from '../../src/directory/commands/users.js';
import { accountA, accounts } from '../support/accounts.js';

const account = bootstrapSnapshots(parseBootstrapFile(JSON.stringify(accounts)), 0, await readCatalogue()).get(accountA);
if (account === undefined) throw new Error('no account');
const { rootUserId } = account.account;
const aliceId = account.users.named('alice')?.userId ?? '';
const ofUser = (id: string) => ({ kind: 'user', id } as const);

describe.each<[what: string, message: string, change: (userId: string, actingUserId: string | undefined) => unknown]>([
  ['a tag that is added', 'the tags', (id, acting) => addTags(account, ofUser(id), [{ key: 'team', value: 'red' }], acting)],
  ['a tag that is removed', 'the tags', (id, acting) => removeTags(account, ofUser(id), ['team'], acting)],
  ['the name', 'the name and the description', (id, acting) => updateUser(account, id, { userName: 'boss' }, acting)],
  ['the description', 'the name and the description', (id, acting) => updateUser(account, id, { description: 'boss' }, acting)],
])('%s', (_what, subject, change) => {
  it('of the root user is refused to everyone but itself', () => {
    for (const acting of [undefined, aliceId]) expect(() => change(rootUserId, acting)).toThrow(`${subject} of the root user can be changed only by the root user itself`);
    expect(() => change(rootUserId, rootUserId)).not.toThrow();
  });

  it('of another user is not', () => {
    for (const acting of [undefined, aliceId, rootUserId]) expect(() => change(aliceId, acting)).not.toThrow();
  });
});
