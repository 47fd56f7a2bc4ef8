import { shows } from '$lib/desk'

export const load = shows('GET /api/exports/{table}', async (desk) => ({
  dictionary: await desk.ask(desk.council.dictionary()),
  organisations: await desk.organisations()
}))
