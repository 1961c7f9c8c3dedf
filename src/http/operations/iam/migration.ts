// Migrating legacy agencies, our own.
import * as migration from '../../../iam/migrate-agency.js';
import type { Operation } from '../../operation.js';
import { iamOperation } from './iam-operation.js';

export const migrationOperations: readonly Operation[] = [
  iamOperation({
    name: 'MigrateAgency', method: 'post', path: '/v1/agencies/{agency_id}/migrate', summary: 'Makes a trust agency of a legacy one, with identity policies in the place of its roles, and tells what has no counterpart',
    action: 'iam:agencies:createV5', resource: migration.migratedResource, outlasts: true, refusals: [400, 403, 404, 409],
    parameters: migration.migratePath, body: migration.migrateBody, status: 200, response: migration.migrateResponse, decide: migration.migrate,
  }),
];
