import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'field',
  plugins: [svelte({ configFile: '../svelte.config.js' })],
  css: { lightningcss: { errorRecovery: true } },
  build: { outDir: '../dist/field', emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } }
})
