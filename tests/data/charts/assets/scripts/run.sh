#!/bin/bash
set -e
echo "{{ not a template }}"
