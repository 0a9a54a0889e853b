using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

internal enum KillRole
{
    Server,
    Primary,
    Secondary,
}

internal enum KillPhase
{
    /// <summary>Within the first call: Create, Open, OpenInSecondary.</summary>
    Create,
    Configure,
    Open,
    Transfer,
    Close,
}

/// <summary>One set in the campaign: three processes, of which one is killed at a moment that the seed chooses, and a
/// judgement of what the others saw.</summary>
internal sealed class KillRound
{
    // Small transfers: a kill is to hit many different moments, not large copies.
    private const int TransferBytes = 4096;

    private readonly Crew _crew;
    private readonly Random _random;
    private readonly KillVerdict _verdict;
    private readonly KillRole _role;
    private readonly KillPhase _phase;
    private readonly string _direction;
    private readonly string _folder;
    private readonly string _set;
    private readonly ulong _seed;
    private long _killedAt = -1;
    private bool _isSecondaryStarted;

    public KillRound(Crew crew, Random random, KillRole role, KillPhase phase, string folder)
    {
        _crew = crew;
        _random = random;
        _role = role;
        _phase = phase;
        _folder = folder;
        _direction = random.Next(3) == 0 ? "restore" : "backup";
        _seed = (ulong)random.Next();
        _set = Fleet.NewName("kill");
        _verdict = new KillVerdict(role, phase, $"{role} killed in {phase}, {_direction}, set {_set}");
    }

    private Peer Victim => _role switch
    {
        KillRole.Server => _crew.Server,
        KillRole.Primary => _crew.Primary,
        _ => _crew.Secondary,
    };

    public KillVerdict Run()
    {
        try
        {
            Drive();
            Judge();
        }
        catch (PeerException e)
        {
            _verdict.Violate(e.Message);
        }
        catch (Exception e) when (e is KeyNotFoundException or IOException)
        {
            _verdict.Violate(e.ToString());
        }

        foreach (Peer peer in _crew.All)
        {
            peer.Exceptions.ForEach(_verdict.Violate);
            peer.Exceptions.Clear();
            peer.Forget(_set);
        }

        return _verdict;
    }

    /// <summary>The run of a set, up to the kill.</summary>
    private void Drive()
    {
        Request primary = Requests.Primary(_set, 2, "0", _seed).With("store", Folder).With("depth", 1 + _random.Next(3));
        _crew.Primary.Send(Armed(primary, KillRole.Primary));
        if (IsNow(KillRole.Primary, KillPhase.Create) && _random.Next(2) == 0)
        {
            AwaitArmedDeath();
            StartServer();
            return;
        }

        if (!IsNow(KillRole.Primary, KillPhase.Create))
        {
            Require(_crew.Primary.Expect("created", _set), "NOERROR");
        }

        StartServer();
        if (_phase == KillPhase.Create && _role != KillRole.Secondary)
        {
            AwaitArmedDeath();
            return;
        }

        if (KillAt(KillPhase.Configure, 4000))
        {
            return;
        }

        Require(_crew.Primary.Expect("configured", _set), "NOERROR");
        StartSecondary();
        if (IsNow(KillRole.Secondary, KillPhase.Create))
        {
            AwaitArmedDeath();
            return;
        }

        if (KillAt(KillPhase.Open, 3000))
        {
            return;
        }

        _crew.Primary.Expect("first", _set);
        _crew.Secondary.Expect("first", _set);
        if (_phase == KillPhase.Transfer)
        {
            AwaitTraffic(_random.Next(2), 1 + _random.Next(300));
            KillAt(KillPhase.Transfer, 2000);
            return;
        }

        _crew.Server.Send(Requests.Stop(_set));
        KillAt(KillPhase.Close, 4000);
    }

    private string Folder => _direction == "backup" ? _folder : string.Empty;

    private bool IsNow(KillRole role, KillPhase phase) => _role == role && _phase == phase;

    private void StartServer()
    {
        _crew.Server.Send(Armed(Requests.Serve(_set, _direction, _seed).With("transfer", TransferBytes), KillRole.Server));
    }

    private void StartSecondary()
    {
        _isSecondaryStarted = true;
        Request secondary = Requests.Secondary(_set, "1", _seed).With("store", Folder).With("depth", 1 + _random.Next(3));
        _crew.Secondary.Send(Armed(secondary, KillRole.Secondary));
    }

    /// <summary>The victim of a first call kills itself, counted from the moment the call begins: no pipe is as exact.
    /// From 1 us to 30 ms, each magnitude as likely: a fresh process still compiles what a used one runs.</summary>
    private Request Armed(Request request, KillRole role) =>
        IsNow(role, KillPhase.Create) ? request.With("die", (long)Math.Exp(_random.NextDouble() * Math.Log(30_000))) : request;

    private void AwaitArmedDeath()
    {
        Victim.AwaitExit();
        PeerEvent? armed = Victim.TryExpect("armed", _set, limit: TimeSpan.FromSeconds(1));
        _killedAt = armed is null ? EventWriter.Now : armed.At + armed.Number("after");
    }

    /// <summary>Kills the victim when this is its phase, a random moment later.</summary>
    private bool KillAt(KillPhase phase, int microseconds)
    {
        if (_phase != phase)
        {
            return false;
        }

        long moment = EventWriter.Now + _random.Next(microseconds);
        while (EventWriter.Now < moment)
        {
            Thread.SpinWait(10);
        }

        _killedAt = Victim.Kill();
        return true;
    }

    private void Judge()
    {
        if (_role == KillRole.Secondary)
        {
            JudgeSecondary();
        }
        else if (_role == KillRole.Server)
        {
            JudgeServer();
        }
        else
        {
            _crew.ReplacePrimary();
            PeerEvent served = JudgeServerSide(_killedAt);
            JudgeFiles(served);
            if (_isSecondaryStarted)
            {
                JudgeClientSide(_crew.Secondary, _killedAt, deviceCount: 1);
                CloseClient(_crew.Secondary);
            }

            CloseServer(served);
            if (served.Text("state") != "DoesNotExist" && Leftovers.Find(_set) is { Count: > 0 } left)
            {
                _verdict.Violate($"left behind by the survivor's Close: {string.Join(", ", left)}");
            }

            // The name is free again, and the next Create shows it.
            Require(_crew.Primary.Call(Requests.Create(_set)), "NOERROR");
            Require(_crew.Primary.Call(Requests.Close(_set)), "NOERROR");
        }

        if (Leftovers.Find(_set) is { Count: > 0 } remains)
        {
            _verdict.Violate($"left behind: {string.Join(", ", remains)}");
        }

        foreach (Peer peer in _crew.All)
        {
            peer.Call(new Request("forget").With("run", _set));
        }
    }

    private void JudgeServer()
    {
        _crew.ReplaceServer();
        // The victim may have died before it was the set's server: then the set is still there for another.
        if (!_isSecondaryStarted)
        {
            _crew.Server.Send(Requests.Serve(_set, _direction, _seed, 100 * TransferBytes).With("transfer", TransferBytes));
            PeerEvent opened = _crew.Server.Expect("step", _set, step => step.Text("call") == "Open");
            if (opened.Code == "NOERROR" && SetUpEnd().Code == "NOERROR")
            {
                SecondLife();
                return;
            }

            CloseServer(_crew.Server.Expect("served", _set));
        }

        JudgeClientSide(_crew.Primary, _killedAt, deviceCount: 1);
        if (_isSecondaryStarted)
        {
            JudgeClientSide(_crew.Secondary, _killedAt, deviceCount: 1);
            CloseClient(_crew.Secondary);
        }

        CloseClient(_crew.Primary);
        JudgeFiles(null);
    }

    /// <summary>The last step of the server's set-up: OpenDevice, or the one that failed.</summary>
    private PeerEvent SetUpEnd() =>
        _crew.Server.Expect("step", _set, static step => step.Text("call") == "OpenDevice" || step.Code != "NOERROR");

    private void SecondLife()
    {
        _verdict.Note("second server");
        Require(_crew.Primary.Expect("configured", _set), "NOERROR");
        StartSecondary();
        PeerEvent served = _crew.Server.Expect("served", _set);
        if (!served.Flag("good"))
        {
            _verdict.Violate($"the second server's run was not good: {served}");
        }

        _crew.Primary.Expect("stored", _set);
        _crew.Secondary.Expect("stored", _set);
        JudgeFiles(served);
        CloseClient(_crew.Secondary);
        CloseClient(_crew.Primary);
        CloseServer(served);
    }

    private void JudgeSecondary()
    {
        _crew.ReplaceSecondary();
        if (_phase != KillPhase.Close)
        {
            _crew.Server.Expect("feeding", _set);
            AwaitTraffic(0, 200);
            if (_crew.Server.TryExpect("agent", _set, limit: TimeSpan.Zero) is { } ended)
            {
                _verdict.Violate($"the set ended although only a secondary had died: {ended}");
            }
        }

        long aborted = EventWriter.Now;
        PeerEvent abort = _crew.Primary.Call(Requests.Abort(_set));
        Require(abort, "NOERROR");
        PeerEvent served = JudgeServerSide(aborted);
        if (served.Code == "VD_E_ABORT" && served.Text("abort") != "ClientSignalled")
        {
            _verdict.Violate($"expected the primary's abort, found {served}");
        }

        JudgeClientSide(_crew.Primary, aborted, deviceCount: 1);
        JudgeFiles(served);
        CloseClient(_crew.Primary);
        CloseServer(served);
    }

    /// <summary>The server's run has ended as the specification says, in time, with one callback for each command.</summary>
    private PeerEvent JudgeServerSide(long since)
    {
        PeerEvent served = _crew.Server.Expect("served", _set);
        _verdict.Latency(served.At - since, _crew.Server.Tail(_set));
        bool isAborted = served.Code == "VD_E_ABORT" || (served.Code == "VD_E_PROTOCOL" && served.Text("state") == "Aborted");
        bool isAbsent = served.Code == "VD_E_INVALID" && served.Text("state") == "DoesNotExist" && _phase <= KillPhase.Configure;
        bool isDone = served.Code == "NOERROR" && _phase == KillPhase.Close;
        _verdict.Note(isAborted ? "aborted" : isAbsent ? "no such set" : "done before");
        if (!isAborted && !isAbsent && !isDone)
        {
            _verdict.Violate($"the server's run ended in no specified way: {served}");
        }

        if (served.Text("violations").Length > 0 || served.Number("sent") != served.Number("called"))
        {
            _verdict.Violate($"callbacks: {served}");
        }

        return served;
    }

    private void JudgeClientSide(Peer client, long since, int deviceCount)
    {
        PeerEvent stored = client.Expect("stored", _set);
        _verdict.Latency(stored.At - since, client.Tail(_set));
        _verdict.Note(stored.Text("state") switch
        {
            "Aborted" => "aborted",
            "DoesNotExist" => "could not join",
            _ => "done before",
        });
        bool isLate = stored.Code is not ("NOERROR" or "VD_E_ABORT")
            && !(client == _crew.Secondary && stored.Code == "VD_E_PROTOCOL" && stored.Text("state") == "DoesNotExist");
        if (isLate)
        {
            _verdict.Violate($"the client's run ended in no specified way: {stored}");
        }

        for (int i = 0; i < deviceCount && client.TryExpect("device-end", _set, limit: TimeSpan.Zero) is { } end; i++)
        {
            bool isSpecified = end.Code == "VD_E_ABORT" || (end.Code == "VD_E_CLOSE" && _phase == KillPhase.Close);
            if (!isSpecified || end.Text("violation").Length > 0 || end.Text("error").Length > 0)
            {
                _verdict.Violate($"a device ended in no specified way: {end}");
            }
        }

    }

    /// <summary>Whatever was published is whole; and when the server calls its backup good, everything was published.</summary>
    private void JudgeFiles(PeerEvent? served)
    {
        if (_direction != "backup")
        {
            return;
        }

        long total = 0;
        int publishedCount = 0;
        for (int device = 0; device < 2; device++)
        {
            string path = BackupFile.PathOf(_folder, _set, device);
            if (File.Exists(path))
            {
                publishedCount++;
                if (BackupFile.Check(path, _seed, device, out long length) is { } problem)
                {
                    _verdict.Violate(problem);
                }

                total += length;
                File.Delete(path);
            }

            File.Delete(path + ".part");
        }

        if (served is not null && served.Flag("good") && (publishedCount != 2 || total != served.Number("bytes")))
        {
            _verdict.Violate($"reported good with {publishedCount} files of {total} bytes: {served}");
        }

        _verdict.Published(publishedCount);
    }

    private void CloseServer(PeerEvent served) =>
        Require(_crew.Server.Call(Requests.Close(_set)), served.Text("state") == "DoesNotExist" ? "VD_E_PROTOCOL" : "NOERROR");

    private void CloseClient(Peer client)
    {
        PeerEvent closed = client.Call(Requests.Close(_set));
        bool isNothing = client == _crew.Secondary && closed.Code == "VD_E_PROTOCOL";
        if (!isNothing)
        {
            Require(closed, "NOERROR");
        }
    }

    private void AwaitTraffic(int device, int count)
    {
        _crew.Server.Send(Requests.Notify(_set, device, count));
        _crew.Server.Expect("reached", _set, reached => reached.Number("device") == device);
    }

    private void Require(PeerEvent seen, string code)
    {
        if (seen.Code != code)
        {
            _verdict.Violate($"expected {code}, found {seen}");
        }
    }
}
