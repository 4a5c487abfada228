// Package web holds the page: plain ES modules, served as they are.
//
// Only page/ is embedded and served. Tests, tools and screenshots lie beside it
// and never reach a browser.
package web

import (
	"embed"
	"io/fs"
)

//go:embed page
var embedded embed.FS

// Files gives what is served at the root of the site: index.html for the browser,
// kiosk.html for a screen whose camera the server holds, and what they load.
// Both work under the policy `default-src 'self'`.
func Files() fs.FS {
	page, err := fs.Sub(embedded, "page")
	if err != nil {
		return embedded // "page" is a valid path: Sub cannot refuse it
	}
	return page
}
