// The app, in front of the core that the shell carries.
import { App } from '$lib/app.svelte'
import { tauri } from '$lib/tauri'
import type { LayoutLoad } from './$types'

export const ssr = false

export const load: LayoutLoad = async () => {
  const app = new App(tauri)
  await app.start()
  return { app }
}
