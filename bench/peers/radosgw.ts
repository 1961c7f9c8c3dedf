// Ceph's object gateway: AssumeRole in C++, over a monitor and one memory store of its own; it writes nothing per call.
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endChild, freePort, launch, newFolder, waitUntilAnswering, type Child } from '../harness/children.js';
import { pinned, processTree } from '../harness/machine.js';
import { signedFormPost } from './aws-signature.js';
import { manyRequests, type Peer } from './peer.js';
import { haveAll, must } from './programs.js';

const accessKeyId = 'BENCHBENCHBENCHBENCH';
const secretAccessKey = 'bench-secret-bench-secret-bench-secret-00';

export const radosgw: Peer = {
  name: 'radosgw',
  call: 'AssumeRole (tcp_nodelay=1)',
  async start(core) {
    if (!(await haveAll('radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph', 'monmaptool'))) return 'not installed (Debian: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common)';
    const folder = await newFolder();
    const at = (...parts: readonly string[]): string => join(folder.path, ...parts);
    const children: Child[] = [];
    const stop = async (): Promise<void> => {
      for (const child of [...children].reverse()) await endChild(child);
      await folder.remove();
    };
    try {
      const [monitorPort, port] = [await freePort(), await freePort()];
      const cluster = randomUUID();
      await Promise.all(['mon', 'osd', 'rgw'].map((name) => mkdir(at(name))));
      await writeFile(at('ceph.conf'), configuration(cluster, monitorPort, folder.path));
      const configured = ['-c', at('ceph.conf')];
      const start = (program: string, ...parameters: readonly string[]): Child => {
        const child = launch([program, ...configured, '-f', ...parameters], {}, () => true);
        child.stdout.resume();
        children.push(child);
        return child;
      };
      await must('monmaptool', ['--create', '--addv', 'a', `[v2:127.0.0.1:${monitorPort}]`, '--fsid', cluster, at('monmap')]);
      const addKey = (...parameters: readonly string[]): Promise<string> => must('ceph-authtool', [at('keyring'), '--gen-key', ...parameters]);
      await must('ceph-authtool', ['--create-keyring', at('keyring')]);
      await addKey('-n', 'mon.', '--cap', 'mon', 'allow *');
      await addKey('-n', 'client.admin', '--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *');
      await addKey('-n', 'osd.0', '--cap', 'mon', 'allow profile osd', '--cap', 'osd', 'allow *');
      await must('ceph-mon', [...configured, '--mkfs', '-i', 'a', '--monmap', at('monmap'), '--keyring', at('keyring')]);
      start('ceph-mon', '-i', 'a');
      const store = randomUUID();
      await must('ceph', [...configured, 'osd', 'new', store]);
      await must('ceph-osd', [...configured, '-i', '0', '--mkfs', '--osd-uuid', store]);
      start('ceph-osd', '-i', '0');
      await must('radosgw-admin', [...configured, 'user', 'create', '--uid', 'bench', '--display-name', 'bench', '--access-key', accessKeyId, '--secret', secretAccessKey]);
      const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: ['arn:aws:iam:::user/bench'] }, Action: ['sts:AssumeRole'] }] };
      await must('radosgw-admin', [...configured, 'role', 'create', '--role-name', 'bench', '--assume-role-policy-doc', JSON.stringify(trust)]);
      const [program = 'radosgw', ...parameters] = pinned(core, ['radosgw']);
      const gateway = launch([program, ...parameters, ...configured, '-f', '-n', 'client.admin', '--rgw-frontends', `beast endpoint=127.0.0.1:${port} tcp_nodelay=1`], {}, () => true);
      children.push(gateway);
      await waitUntilAnswering(gateway, `http://127.0.0.1:${port}/`, (status) => status < 500);
      return {
        version: (await must('radosgw', ['--version'])).replace(/^ceph version (\S+).*$/s, '$1'),
        server: { port, pids: () => processTree(gateway.pid ?? 0), redisPids: () => [], stop },
        source: manyRequests((number) => signedFormPost({
          port, accessKeyId, secretAccessKey, service: 'sts', date: new Date(),
          form: { Action: 'AssumeRole', Version: '2011-06-15', RoleArn: 'arn:aws:iam:::role/bench', RoleSessionName: `bench-${number}` },
        })),
      };
    } catch (error) {
      await stop();
      return `it could not be started: ${error instanceof Error ? error.message : String(error)}`;
    }
  },
};

/** One monitor and one store in memory: nothing of it outlives the run. */
const configuration = (cluster: string, monitorPort: number, folder: string): string => `[global]
fsid = ${cluster}
mon host = [v2:127.0.0.1:${monitorPort}]
public addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
osd objectstore = memstore
mon data = ${folder}/mon
osd data = ${folder}/osd
rgw data = ${folder}/rgw
run dir = ${folder}
admin socket =
log file =
keyring = ${folder}/keyring
rgw sts key = abcdefghijklmnop
rgw s3 auth use sts = true
`;
