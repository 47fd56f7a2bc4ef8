import { shows } from '$lib/desk'

export const load = shows('GET /api/visits', async (desk, { url }) => ({
  list: await desk.ask(desk.council.visits(url.search)),
  organisations: await desk.organisations()
}))
