import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const packable = /\.(html|js|mjs|css|svg|json|ttf)$/;

/** Writes a .br and a .gz beside each text file of the build, so that the server never compresses; .keep stays for Git and go:embed. */
export function compress(): Plugin {
  let folder = 'dist';
  return {
    name: 'payload-tracker:compress',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir;
    },
    async closeBundle() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((e) => e.isFile() && packable.test(e.name)).map((e) => join(e.parentPath, e.name));
      await Promise.all(files.map(pack));
      await writeFile(join(folder, '.keep'), '');
    },
  };
}

async function pack(file: string): Promise<void> {
  const plain = await readFile(file);
  if (plain.length < 1024) return;
  // The best takes half a second a megabyte and more: the editor of the playground gets the next best.
  const quality = plain.length > 1_000_000 ? 9 : 11;
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(plain, { params }),
    promisify(gzip)(plain, { level: 9 }),
  ]);
  if (br.length < plain.length) await writeFile(`${file}.br`, br);
  if (gz.length < plain.length) await writeFile(`${file}.gz`, gz);
}
