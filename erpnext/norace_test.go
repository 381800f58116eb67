//go:build !race

package erpnext

const slow = false
