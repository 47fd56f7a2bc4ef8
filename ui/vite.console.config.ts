import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'console',
  plugins: [svelte({ configFile: '../svelte.config.js' })],
  css: { lightningcss: { errorRecovery: true } },
  build: { outDir: '../dist/console', emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } }
})
