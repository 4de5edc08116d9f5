package main

// welcome prints where everything is and what to do next.
func (e env) welcome(dir string) error {
	return nil
}
