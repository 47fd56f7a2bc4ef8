// Makes the app with the core in the Tauri shell.
import { App } from '$lib/app.svelte'
import { tauri } from '$lib/tauri'
import type { LayoutLoad } from './$types'

export const ssr = false

export const load: LayoutLoad = async () => {
  const app = new App(tauri)
  await app.start()
  return { app }
}
