// Enterprise projects of the account, as the client of their own service asks for them.
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import type { EnterpriseProject } from '../../directory/entities.js';
import { entityId } from '../../directory/names.js';
import { enterpriseProjectAt, enterpriseProjectsOf } from '../../directory/projects.js';
import type { Ground, Result } from '../account-call.js';
import { timestamp } from '../fields.js';

const whole = (most: number) => z.string().regex(/^\d{1,9}$/, 'must be a whole number').transform(Number).refine((value) => value <= most, `must be at most ${most}`);

export const listQuery = z.object({ id: z.string().optional(), name: z.string().optional(), status: z.enum(['1', '2']).optional(), offset: whole(999_999_999).default(0), limit: whole(1000).default(1000) });
export const enterpriseProjectPath = z.object({ enterprise_project_id: entityId });

const answerSchema = z.object({
  id: z.string(), name: z.string(), description: z.string(), status: z.literal(1).describe('enabled'), type: z.literal('prod'), created_at: z.string(), updated_at: z.string(),
});
export const enterpriseProjectResponse = z.object({ enterprise_project: answerSchema });
export const enterpriseProjectsResponse = z.object({ enterprise_projects: z.array(answerSchema), total_count: z.int() });

const answer = ({ enterpriseProjectId, enterpriseProjectName, description, createdAt }: EnterpriseProject): z.infer<typeof answerSchema> =>
  ({ id: enterpriseProjectId, name: enterpriseProjectName, description, status: 1, type: 'prod', created_at: timestamp(createdAt), updated_at: timestamp(createdAt) });

/** The default one, then the others in the order of their creation; a part of the name is enough. */
export function list({ account }: Ground, { query }: { readonly query: z.output<typeof listQuery> }): Result<z.infer<typeof enterpriseProjectsResponse>> {
  const { id, name, status, offset, limit } = query;
  const wanted = enterpriseProjectsOf(account).filter((project) => status !== '2' && (id === undefined || project.enterpriseProjectId === id)
    && (name === undefined || project.enterpriseProjectName.toLowerCase().includes(name.toLowerCase())));
  return { body: { enterprise_projects: wanted.slice(offset, offset + limit).map(answer), total_count: wanted.length } };
}

export function show({ account }: Ground, { path }: { readonly path: z.output<typeof enterpriseProjectPath> }): Result<z.infer<typeof enterpriseProjectResponse>> {
  const project = enterpriseProjectAt(account, path.enterprise_project_id);
  if (project === undefined) throw new ApiError('entityNotFound', `the enterprise project \`${path.enterprise_project_id}\` cannot be found`);
  return { body: { enterprise_project: answer(project) } };
}
