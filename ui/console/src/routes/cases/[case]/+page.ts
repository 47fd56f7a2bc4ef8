import { shows } from '$lib/desk'

export const load = shows('GET /api/cases/{case}', async (desk, { params }) => ({
  case: await desk.ask(desk.council.case(params.case))
}))
