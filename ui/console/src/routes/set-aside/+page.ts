import { shows } from '$lib/desk'

export const load = shows('GET /api/set-aside', async (desk) => ({
  list: await desk.ask(desk.council.setAside())
}))
