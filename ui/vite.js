// The Vite and Vitest configuration of both surfaces.
import { sveltekit } from '@sveltejs/kit/vite'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vitest/config'

/**
 * SvelteKit announces each new page to screen readers in a box that an inline style hides. The
 * page's policy forbids inline styles, so this hides the box with a class of our own.
 */
const announcer = {
  name: 'announcer-by-class',
  enforce: 'pre',
  transform(code, id) {
    if (!/generated\/root\.svelte$/.test(id)) return
    return code.replace(/(id="svelte-announcer"[^>]*?) style="[^"]*"/, '$1 class="announcer"')
  }
}

/** The configuration of the surface in the present folder. `tests` are the folders of its tests. */
export function surface(...tests) {
  return defineConfig({
    plugins: [announcer, sveltekit(), svelteTesting()],
    cacheDir: '../node_modules/.vite',
    css: { lightningcss: { errorRecovery: true } },
    build: { target: 'es2022' },
    test: { environment: 'happy-dom', include: tests.map((folder) => `${folder}/*.test.ts`) }
  })
}
