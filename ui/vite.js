// What Vite and Vitest do for both surfaces.
import { sveltekit } from '@sveltejs/kit/vite'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vitest/config'

/**
 * The frame that SvelteKit makes announces each new page to who listens to the screen, in a box that
 * an inline style hides. No inline style is let in: a class of our own hides it.
 */
const announcer = {
  name: 'announcer-by-class',
  enforce: 'pre',
  transform(code, id) {
    if (!/generated\/root\.svelte$/.test(id)) return
    return code.replace(/(id="svelte-announcer"[^>]*?) style="[^"]*"/, '$1 class="announcer"')
  }
}

/** The configuration of the surface in whose folder it is run, with the folders of its tests. */
export function surface(...tests) {
  return defineConfig({
    plugins: [announcer, sveltekit(), svelteTesting()],
    cacheDir: '../node_modules/.vite',
    css: { lightningcss: { errorRecovery: true } },
    build: { target: 'es2022' },
    test: { environment: 'happy-dom', include: tests.map((folder) => `${folder}/*.test.ts`) }
  })
}
