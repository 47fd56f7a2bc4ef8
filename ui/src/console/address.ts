// The address holds a view's filters, its order and where its page begins.
import { desk } from './state.svelte'

/** The address of the view that is shown, with something else said in it, from its beginning: `''` for what is said no more. */
export function elsewhere(said: Record<string, string>): string {
  const query = new URLSearchParams(desk.query)
  query.delete('after')
  for (const [name, value] of Object.entries(said)) {
    if (value) query.set(name, value)
    else query.delete(name)
  }
  return query.size > 0 ? `${desk.path}?${query}` : desk.path
}
