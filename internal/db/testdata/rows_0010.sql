UPDATE board SET rhythm = '{"mode":"auto","days":0,"at":"09:00","grace":24,"from":"2025-W48"}';
