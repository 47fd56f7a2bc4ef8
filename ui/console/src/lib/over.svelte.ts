/** Whether the session of who sits here has ended meanwhile: they sign in again over what they were doing. */
export const session = $state({ over: false })
