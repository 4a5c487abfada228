package cv

import "math"

// sweeps is how often Jacobi's method goes over all off-diagonal elements; a 4×4
// matrix converges to float64's last digits in five or six.
const sweeps = 12

// eigen4 returns the eigenvalues of the symmetric matrix m and its eigenvectors as
// the columns of v, in no order (Jacobi's method).
func eigen4(m [4][4]float64) (values [4]float64, v [4][4]float64) {
	for i := range 4 {
		v[i][i] = 1
	}
	for range sweeps {
		for p := range 3 {
			for q := p + 1; q < 4; q++ {
				rotate(&m, &v, p, q)
			}
		}
	}
	for i := range 4 {
		values[i] = m[i][i]
	}
	return values, v
}

// rotate turns m in the plane of p and q so that m[p][q] becomes 0.
func rotate(m, v *[4][4]float64, p, q int) {
	if m[p][q] == 0 {
		return
	}
	theta := (m[q][q] - m[p][p]) / (2 * m[p][q])
	t := math.Copysign(1/(math.Abs(theta)+math.Hypot(theta, 1)), theta)
	c := 1 / math.Hypot(t, 1)
	s := t * c
	for k := range 4 {
		m[k][p], m[k][q] = c*m[k][p]-s*m[k][q], s*m[k][p]+c*m[k][q]
	}
	for k := range 4 {
		m[p][k], m[q][k] = c*m[p][k]-s*m[q][k], s*m[p][k]+c*m[q][k]
		v[k][p], v[k][q] = c*v[k][p]-s*v[k][q], s*v[k][p]+c*v[k][q]
	}
}
