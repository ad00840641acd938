// Package archtest holds the rules on how the packages may depend on each other. It has tests only.
package archtest
