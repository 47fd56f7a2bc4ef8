import { shows } from '$lib/desk'

export const load = shows('GET /api/cases', async (desk, { url }) => ({
  list: await desk.ask(desk.council.cases(url.search))
}))
