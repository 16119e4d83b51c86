// Follows a TUF repository that lies in a directory, with tuf-js:
//
//   node follow.mjs MODULES METADATA_DIR EXPORT TARGET...
//
// METADATA_DIR holds root.json, and what the client trusts afterwards. It prints the
// targets' contents as JSON. MODULES is where tuf-js is installed.
import { createReadStream, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

const [modules, metadataDir, repository, ...targets] = process.argv.slice(2);
const load = createRequire(join(modules, 'node_modules/'));
const { BaseFetcher, Updater } = load('tuf-js');
const { DownloadHTTPError } = load('tuf-js/dist/error.js');

// A fetcher of files, so that the client needs no network.
class Files extends BaseFetcher {
  async fetch(url) {
    const path = join(repository, decodeURIComponent(url.replace('https://repository.invalid/', '')));
    if (!existsSync(path)) throw new DownloadHTTPError(`no ${path}`, 404);
    return Readable.toWeb(createReadStream(path));
  }
}

const updater = new Updater({
  metadataDir,
  metadataBaseUrl: 'https://repository.invalid/metadata',
  targetDir: mkdtempSync(join(tmpdir(), 'tuf-js-')),
  targetBaseUrl: 'https://repository.invalid/targets',
  fetcher: new Files(),
});
try {
  await updater.refresh();
  const found = {};
  for (const name of targets) {
    const info = await updater.getTargetInfo(name);
    if (!info) throw new Error(`no target ${name}`);
    found[name] = readFileSync(await updater.downloadTarget(info), 'utf8');
  }
  console.log(JSON.stringify(found));
} catch (error) {
  console.error(`${error.constructor.name}: ${error.message}`);
  process.exit(1);
}
