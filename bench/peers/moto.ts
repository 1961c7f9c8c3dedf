// moto: a mock of the AWS APIs in Python; AssumeRole checks no signature and no policy, and writes nothing.
import { endChild, freePort, launch, waitUntilAnswering } from '../harness/children.js';
import { pinned, processTree } from '../harness/machine.js';
import { formPost, manyRequests, type Peer } from './peer.js';
import { haveAll, must } from './programs.js';

export const moto: Peer = {
  name: 'moto',
  call: 'AssumeRole',
  async start(core) {
    if (!(await haveAll('moto_server'))) return 'moto_server is not installed (pip install "moto[server]")';
    const port = await freePort();
    const child = launch(pinned(core, ['moto_server', '-H', '127.0.0.1', '-p', String(port)]), {}, () => true);
    await waitUntilAnswering(child, `http://127.0.0.1:${port}/moto-api/`, (status) => status === 200);
    // Its scope tells moto which API is meant.
    const authorization = 'authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00';
    return {
      version: await must('python3', ['-c', 'import importlib.metadata; print(importlib.metadata.version("moto"))']).catch(() => 'unknown'),
      server: { port, pids: () => processTree(child.pid ?? 0), redisPids: () => [], stop: () => endChild(child) },
      source: manyRequests((number) => formPost(port, '/', [authorization], {
        Action: 'AssumeRole', Version: '2011-06-15', RoleArn: 'arn:aws:iam::123456789012:role/bench', RoleSessionName: `bench-${number}`,
      })),
    };
  },
};
