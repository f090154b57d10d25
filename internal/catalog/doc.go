// Package catalog is the law of deployed versions: which one a start uses, which one a deploy adds, who depends on
// whom, and what may not change under them. It is a function of what is deployed.
//
// It must not know where versions are kept (store) or how they run (internal/kernel).
package catalog
