package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
)

// Shape says what a JSON value must be.
type Shape func(v any) error

// Object has these fields and no other.
func Object(fields map[string]Shape) Shape {
	return func(v any) error {
		o, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("%v is no object", v)
		}
		if got, want := slices.Sorted(maps.Keys(o)), slices.Sorted(maps.Keys(fields)); !slices.Equal(got, want) {
			return fmt.Errorf("fields %q, want %q", got, want)
		}
		var errs []error
		for name, shape := range fields {
			if err := shape(o[name]); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
		return errors.Join(errs...)
	}
}

// Text is a string that matches the expression.
func Text(expression string) Shape {
	re := regexp.MustCompile(expression)
	return func(v any) error {
		if s, ok := v.(string); !ok || !re.MatchString(s) {
			return fmt.Errorf("%#v is no text like %s", v, expression)
		}
		return nil
	}
}

// Integer is a number without a fraction from low to high.
func Integer(low, high float64) Shape {
	return func(v any) error {
		if n, ok := v.(float64); !ok || n != math.Trunc(n) || n < low || n > high {
			return fmt.Errorf("%#v is no integer from %v to %v", v, low, high)
		}
		return nil
	}
}

// Is is this value: a string, a float64, a bool or nil.
func Is(want any) Shape {
	return func(v any) error {
		if v != want {
			return fmt.Errorf("%#v, want %#v", v, want)
		}
		return nil
	}
}

// List is a list of so many values of one shape; -1 is any number.
func List(n int, shape Shape) Shape {
	return func(v any) error {
		l, ok := v.([]any)
		if !ok || n >= 0 && len(l) != n {
			return fmt.Errorf("%v is no list of %d", v, n)
		}
		for i, v := range l {
			if err := shape(v); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	}
}

// Holds says what is wrong with an answer: its status, a header (an expression for each), its body.
func (a Answer) Holds(status int, header map[string]string, body Shape) error {
	var errs []error
	if a.Status != status {
		errs = append(errs, fmt.Errorf("status %d, want %d", a.Status, status))
	}
	for name, want := range header {
		if got := a.Header.Get(name); !regexp.MustCompile(want).MatchString(got) {
			errs = append(errs, fmt.Errorf("%s: %q, want %s", name, got, want))
		}
	}
	var v any
	if err := json.Unmarshal(a.Body, &v); err != nil {
		errs = append(errs, fmt.Errorf("%.200q: %w", a.Body, err))
	} else if err := body(v); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
