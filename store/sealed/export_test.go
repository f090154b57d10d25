package sealed

import "time"

// Hurry makes the store ask for keys again at once that were missing a moment ago.
func (s *Store) Hurry() {
	k := s.codec.keys
	k.slow.Lock()
	defer k.slow.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.locked)
	k.asked = time.Time{}
}
