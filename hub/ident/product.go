package ident

// isProduct tells whether a text is the code of a product: EAN-13, EAN-8 or UPC-A
// with its check digit right, and not all zeros. In a code of another format the
// same digits are a serial number.
func isProduct(text, format string) bool {
	switch format {
	case "", "unknown", "ean13", "ean8", "upca", "upce", "ean_13", "ean_8", "upc_a", "upc_e", "ean-13", "ean-8", "upc-a", "upc-e":
	default:
		return false
	}
	switch len(text) {
	case 8, 12, 13:
	default:
		return false
	}
	sum := 0
	for i, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
		weight := 1
		if (len(text)-1-i)%2 == 1 {
			weight = 3
		}
		sum += weight * int(c-'0')
	}
	return sum > 0 && sum%10 == 0
}
