// Every place of the console: its name in the address, its letter on the keyboard, and the screen that is fetched for it.
export const PLACES = [
  { name: "overview", title: "Overview", letter: "o", open: async () => (await import("./screens/overview.js")).Overview },
  {
    name: "jobs",
    title: "Jobs",
    letter: "j",
    open: async (path) => (path[1] ? (await import("./screens/job.js")).Job : (await import("./screens/jobs.js")).Jobs),
  },
  { name: "compare", title: "Compare", letter: "c", open: async () => (await import("./screens/compare.js")).Compare },
  { name: "backends", title: "Backends", letter: "b", open: async () => (await import("./screens/backends.js")).Backends },
  { name: "failures", title: "Failures", letter: "f", open: async () => (await import("./screens/failures.js")).Failures },
  { name: "operations", title: "Operations", letter: "p", open: async () => (await import("./screens/operations.js")).Operations },
  { name: "approvals", title: "Approvals", letter: "w", open: async () => (await import("./screens/approvals.js")).Approvals },
  { name: "budgets", title: "Budgets", letter: "m", open: async () => (await import("./screens/budgets.js")).Budgets },
  { name: "paths", title: "Paths", letter: "h", open: async () => (await import("./screens/paths.js")).Paths },
  { name: "policies", title: "Policies", letter: "r", open: async () => (await import("./screens/policies.js")).Policies },
  { name: "audit", title: "Audit", letter: "a", open: async () => (await import("./screens/audit.js")).Audit },
];

// The front place where none is named; null where there is none of that name.
export function placeOf(path) {
  return path.length ? PLACES.find((each) => each.name === path[0]) ?? null : PLACES[0];
}
