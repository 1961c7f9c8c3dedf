// The operations on agencies that the commands call, and an agency found by its name.
import { z } from 'zod';
import { agenciesResponse } from '../iam/agencies.js';
import { migrateResponse } from '../iam/migrate-agency.js';
import { callService, type Call } from './call.js';
import { CommandError, exitCodes } from './command-error.js';
import type { Connection } from './connection.js';
import type { CommandIo } from './io.js';
import { quote } from './text.js';

/** The largest page there is. */
const mostPerPage = 200;

export type ListedAgency = z.infer<typeof agenciesResponse>['agencies'][number];
export type Migration = z.infer<typeof migrateResponse>;

/** Of the caller's account, by its name, its id or its URN. Throws a CommandError when there is none. */
export async function foundAgency(connection: Connection, io: CommandIo, wanted: string): Promise<ListedAgency> {
  let marker: string | undefined;
  do {
    const query = `limit=${mostPerPage}${marker === undefined ? '' : `&marker=${encodeURIComponent(marker)}`}`;
    const page = await callService(connection, { method: 'GET', path: `/v5/agencies?${query}`, answer: agenciesResponse }, io.now());
    const agency = page.agencies.find(({ agency_id: id, agency_name: name, urn }) => [id, name, urn].includes(wanted));
    if (agency !== undefined) return agency;
    marker = page.page_info.next_marker;
  } while (marker !== undefined);
  throw new CommandError(exitCodes.refused, `the account has no agency ${quote(wanted)}`);
}

export const migrateAgency = (agencyId: string, body: { readonly name?: string | undefined; readonly dry_run: boolean }): Call<Migration> =>
  ({ method: 'POST', path: `/v1/agencies/${encodeURIComponent(agencyId)}/migrate`, body, answer: migrateResponse });
