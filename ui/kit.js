// The SvelteKit configuration of both surfaces. Each is a single-page app whose script and style
// files have a hash in their names.
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import adapter from '@sveltejs/adapter-static'
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte'

const here = import.meta.dirname

/** A hash of the files in some folders. The same files give the same hash on any machine. */
function fingerprint(...folders) {
  const hash = createHash('sha256')
  for (const folder of folders) {
    for (const file of readdirSync(join(here, folder), { recursive: true, withFileTypes: true })) {
      if (file.isFile()) hash.update(readFileSync(join(file.parentPath, file.name)))
    }
  }
  return hash.digest('hex').slice(0, 12)
}

/** The configuration of one surface: `console` or `field`. */
export function kit(surface) {
  return {
    preprocess: vitePreprocess(),
    kit: {
      adapter: adapter({ pages: `../dist/${surface}`, fallback: 'index.html' }),
      alias: { $shared: '../shared' },
      appDir: 'assets',
      // Lets a page that was loaded before an update notice that there is a new version.
      version: { name: fingerprint(`${surface}/src`, 'shared') }
    }
  }
}
