package bridge

func (l *Library) newControls() map[string]control {
	return map[string]control{}
}
