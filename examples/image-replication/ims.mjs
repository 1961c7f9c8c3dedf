// A small image service of one region, standing in for the cloud's: who may do what with images is decided by the accounts, not here.
import { randomUUID } from 'node:crypto';
import express from 'express';
import { ImageError, notReplicable, replicate } from './replication.mjs';

const mostConcurrent = 5;
const nameRule = /^(?! )[\p{L}\p{N}\-._ ]{1,128}(?<! )$/u;

/**
 * @param region of which it has the images @param verifier online, of `agency-sts/verify`
 * @param assume how it becomes a session of an agency, see assume.mjs
 * @param destinations address of the image service of each region, by region @param images those that are there already, by id
 * @param start runs a job; at once, if absent
 */
export function imageService({ region, verifier, assume, destinations, images = new Map(), start = (run) => void run(), now = Date.now }) {
  const jobs = new Map();
  const app = express();
  app.disable('x-powered-by');
  app.use(express.raw({ type: () => true, limit: '1mb' }));

  /**
   * Whether who signed may do all of this to an image: the region in its URN says in which project. Of a replication only
   * what is granted on the very project counts, as the cloud has it: agencies with rights on all projects are refused.
   */
  async function authorized(request, actions, { id = 'new', owner = '', enterpriseProjectId } = {}, operationId) {
    const { method, originalUrl: target, rawHeaders, headers, body, ip } = request;
    const scope = { direct: headers['x-replication-job'] !== undefined, ...(enterpriseProjectId !== undefined && { enterpriseProjectId }) };
    const questions = actions.map((action) => ({ action, resource: `ims:${region}:${owner}:image:${id}`, scope, operationId }));
    const answer = await verifier.authorize({ method, target, rawHeaders, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) }, ip, questions);
    if (!answer.ok) throw new ImageError(answer.status, 'IMG.0087', answer.message);
    const denied = answer.answers.findIndex(({ allowed }) => !allowed);
    if (denied >= 0) throw new ImageError(403, 'IMG.0026', `${answer.principal.urn} may not ${actions[denied]} in ${region}`);
    return answer.principal;
  }

  const found = (id) => {
    const image = images.get(id);
    if (image === undefined) throw new ImageError(404, 'IMG.0027', 'the image cannot be found');
    return image;
  };
  const bodyOf = ({ body }) => {
    try {
      return JSON.parse(body.toString('utf8'));
    } catch {
      throw new ImageError(400, 'IMG.0001', 'the body must be JSON');
    }
  };
  const created = (owner, fields) => {
    const image = { id: randomUUID(), region, owner, kind: 'system', format: 'qcow2', encrypted: false, enterpriseProjectId: '0', ...fields };
    images.set(image.id, image);
    return image;
  };
  const view = ({ id, name, status, __data_origin }) => ({ id, name, status, ...(__data_origin !== undefined && { __data_origin }) });

  app.post('/v1/cloudimages/:id/cross_region_copy', async (request, response) => {
    const image = images.get(request.params.id);
    const principal = await authorized(request, ['ims:images:copy'], image ?? { id: request.params.id }, 'CopyImageCrossRegion');
    const wanted = bodyOf(request);
    refuseWrong(wanted, region, destinations);
    const refusal = notReplicable(image);
    if (refusal !== undefined) throw refusal;
    if (image.owner !== principal.accountId) throw new ImageError(400, 'IMG.0047', 'only the owner may do this');
    if (image.kind === 'whole' && wanted.vault_id === undefined) throw new ImageError(400, 'IMG.0182', 'a full-ECS image needs the `vault_id` of a vault in the destination');
    const running = [...jobs.values()].filter((job) => job.accountId === principal.accountId && ['INIT', 'RUNNING'].includes(job.status)).length;
    if (running >= mostConcurrent) throw new ImageError(400, 'IMG.0149', `at most ${mostConcurrent} images are replicated at a time`);
    const job = { job_id: randomUUID().replaceAll('-', ''), accountId: principal.accountId, startedBy: principal.urn, status: 'INIT', entities: {} };
    jobs.set(job.job_id, job);
    start(() => run(job, image, wanted));
    response.json({ job_id: job.job_id });
  });

  async function run(job, image, request) {
    job.status = 'RUNNING';
    try {
      const id = await replicate({ image, request, accountId: job.accountId, jobId: job.job_id, assume, destination: destinations.get(request.region), now });
      Object.assign(job, { status: 'SUCCESS', entities: { image_id: id, image_name: request.name, process_percent: 1 } });
    } catch (error) {
      Object.assign(job, { status: 'FAIL', error_code: error.code ?? 'IMG.0000', fail_reason: error.message });
    }
  }

  app.get('/v1/cloudimages/job/:job', async (request, response) => {
    const principal = await authorized(request, ['ims:images:get']);
    const job = jobs.get(request.params.job);
    if (job?.accountId !== principal.accountId) throw new ImageError(404, 'IMG.0027', 'the job cannot be found');
    const { accountId: _, startedBy: _by, ...told } = job;
    response.json({ job_type: 'imsCopyImageCrossRegion', ...told });
  });

  app.post('/v2/images', async (request, response) => {
    const { accountId } = await authorized(request, ['ims:images:create'], {}, 'GlanceCreateImageMetadata');
    const { name, description, __data_origin } = bodyOf(request);
    response.status(201).json(view(created(accountId, { name, description, __data_origin, status: 'queued' })));
  });

  app.put('/v2/images/:id/file', async (request, response) => {
    const image = found(request.params.id);
    await authorized(request, ['ims:images:get', 'ims:images:update', 'ims:images:upload'], image, 'GlanceUploadImage');
    Object.assign(image, { data: request.body, status: 'active' });
    response.json(view(image));
  });

  app.post('/v1/cloudimages/wholeimages/action', async (request, response) => {
    const { accountId } = await authorized(request, ['ims:wholeImages:create'], {}, 'CreateWholeImage');
    const { name, description, vault_id, __data_origin } = bodyOf(request);
    response.json(view(created(accountId, { name, description, vault_id, __data_origin, kind: 'whole', status: 'active' })));
  });

  app.get('/v2/images/:id', async (request, response) => {
    const image = found(request.params.id);
    await authorized(request, ['ims:images:get'], image, 'GlanceShowImage');
    response.json(view(image));
  });

  app.delete('/v2/images/:id', async (request, response) => {
    const image = found(request.params.id);
    await authorized(request, ['ims:images:delete'], image, 'GlanceDeleteImage');
    images.delete(image.id);
    response.status(204).end();
  });

  app.post('/v2/images/:id/members', async (request, response) => {
    const image = found(request.params.id);
    await authorized(request, ['ims:images:get', 'ims:images:share'], image, 'GlanceAddImageMember');
    response.json({ image_id: image.id, member_id: bodyOf(request).member, status: 'pending' });
  });

  app.use((error, _request, response, _next) => {
    const { status = 500, code = 'IMG.0000', message } = error;
    response.status(status).json({ error: { code, message: status === 500 ? 'internal error' : message } });
  });
  return app;
}

/** What of a request is wrong, whoever makes it. This stand-in has one project per region, which is named like it. */
function refuseWrong(wanted, region, destinations) {
  if (typeof wanted !== 'object' || wanted === null || !nameRule.test(wanted.name ?? '')) throw new ImageError(400, 'IMG.0001', '`name` must be 1 to 128 letters, digits, blanks or -._ without blanks at the ends');
  if (wanted.region === region) throw new ImageError(400, 'IMG.0142', 'an image is replicated to another region');
  if (!destinations.has(wanted.region)) throw new ImageError(400, 'IMG.0147', 'there is no such region');
  if (wanted.project_name !== wanted.region) throw new ImageError(400, 'IMG.0145', 'there is no such project in the destination');
  if (typeof wanted.agency_name !== 'string' || wanted.agency_name === '') throw new ImageError(400, 'IMG.0001', '`agency_name` is missing');
}
