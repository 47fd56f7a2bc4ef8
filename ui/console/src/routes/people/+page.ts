import { shows } from '$lib/desk'

export const load = shows('GET /api/people', async (desk, { url }) => ({
  list: await desk.ask(desk.council.people(url.search)),
  organisations: await desk.organisations()
}))
