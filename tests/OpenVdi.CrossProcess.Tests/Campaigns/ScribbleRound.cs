using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>One set in the campaign: one party overwrites a part of the live control area; the survivor must come to an
/// end and be none the worse.</summary>
internal sealed class ScribbleRound
{
    /// <summary>A mutation that does no more than lose a wake-up may leave the set as it is until the scribbler goes. This
    /// long the round waits to see whether it ends by itself.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(700);

    // The scribbler itself may hang in what it wrote; nobody waits long for it.
    private static readonly TimeSpan s_scribblerPatience = TimeSpan.FromSeconds(1);

    private readonly Random _random;
    private readonly ScribbleVerdict _verdict;
    private readonly string _kind;
    private readonly string _direction;
    private readonly string _set = Fleet.NewName("scribble");
    private readonly ulong _seed;

    /// <summary>Whether the scribbler goes at once, in mid-transfer, or the server is first asked to come to its end.</summary>
    private readonly bool _isCutOff;

    public ScribbleRound(Random random, string kind)
    {
        _random = random;
        _kind = kind;
        _direction = random.Next(2) == 0 ? "backup" : "restore";
        _seed = (ulong)random.Next();
        _isCutOff = random.Next(3) == 0;
        _verdict = new ScribbleVerdict(kind, $"{kind}, {_direction}, set {_set}");
    }

    /// <summary>A client scribbles, the server survives. With a helper the scribbler is a secondary client, and the helper
    /// the primary.</summary>
    /// <returns>The verdict; and whether the scribbler is fit for another round.</returns>
    public (ScribbleVerdict Verdict, bool IsScribblerWell) AgainstServer(Peer server, Peer scribbler, Peer? primary)
    {
        bool isWell = Guard(() =>
        {
            (primary ?? scribbler).Send(Requests.Primary(_set, 2, primary is null ? "0,1" : "0", _seed).With("depth", 2));
            Require((primary ?? scribbler).Expect("created", _set));
            server.Send(Requests.Serve(_set, _direction, _seed).With("transfer", 4096));
            Require((primary ?? scribbler).Expect("configured", _set));
            if (primary is not null)
            {
                scribbler.Send(Requests.Secondary(_set, "1", _seed).With("depth", 2));
            }

            scribbler.Expect("first", _set);
            AwaitTraffic(server);
            Scribble(scribbler);
            Stop(server);
            PeerEvent? served = AwaitEnd(server, "served", scribbler, primary);
            if (served is not null)
            {
                JudgeServer(served);
                CheckClosed(server.Call(Requests.Close(_set)));
            }

            if (primary is not null)
            {
                JudgeHonestPrimary(primary);
            }

            return Retire(scribbler, "stored");
        });
        Collect(server);
        if (primary is not null)
        {
            Collect(primary);
        }

        return (_verdict, isWell);
    }

    /// <summary>The server scribbles, the client survives.</summary>
    public (ScribbleVerdict Verdict, bool IsScribblerWell) AgainstClient(Peer client, Peer scribbler)
    {
        bool isWell = Guard(() =>
        {
            client.Send(Requests.Primary(_set, 2, "0,1", _seed).With("depth", 2));
            Require(client.Expect("created", _set));
            scribbler.Send(Requests.Serve(_set, _direction, _seed).With("transfer", 4096));
            client.Expect("first", _set);
            AwaitTraffic(scribbler);
            Scribble(scribbler);
            Stop(scribbler);
            PeerEvent? stored = AwaitEnd(client, "stored", scribbler, null);
            if (stored is not null)
            {
                _verdict.Outcome += stored.Text("state") == "Aborted" ? ", aborted" : ", completed";
                JudgeDevices(client);
                CheckClosed(client.Call(Requests.Close(_set)));
            }

            return Retire(scribbler, "served");
        });
        Collect(client);
        return (_verdict, isWell);
    }

    private bool Guard(Func<bool> round)
    {
        try
        {
            return round();
        }
        catch (PeerException e)
        {
            _verdict.Violate(e.Message);
            return false;
        }
    }

    private void AwaitTraffic(Peer server)
    {
        server.Send(Requests.Notify(_set, _random.Next(2), 1 + _random.Next(50)));
        server.Expect("reached", _set);
    }

    private void Stop(Peer server)
    {
        if (!_isCutOff)
        {
            server.Send(Requests.Stop(_set));
        }
    }

    private void Scribble(Peer scribbler)
    {
        scribbler.Send(new Request("scribble").With("run", _set).With("kind", _kind).With("seed", _random.Next()));
        // When its own view of the area kills it, that is its own affair.
        _ = scribbler.TryExpect("scribbled", _set, limit: s_scribblerPatience);
    }

    /// <summary>The survivor's end: by itself; or within a second of the scribbler's close, abort or death.</summary>
    private PeerEvent? AwaitEnd(Peer survivor, string name, Peer scribbler, Peer? primary)
    {
        long since = EventWriter.Now;
        if (survivor.TryExpect(name, _set, limit: _isCutOff ? TimeSpan.Zero : s_patience) is { } ended)
        {
            return Ended(ended, "by itself", since);
        }

        since = EventWriter.Now;
        if (primary is not null)
        {
            // Nobody watches a secondary (X7): its primary ends the set.
            primary.Send(Requests.Abort(_set));
        }
        else if (_random.Next(2) == 0)
        {
            scribbler.Send(Requests.Close(_set));
        }
        else
        {
            since = scribbler.Kill();
        }

        if (survivor.TryExpect(name, _set, limit: Notice.Limit) is { } late)
        {
            return Ended(late, primary is not null ? "at the abort" : scribbler.HasExited ? "at the kill" : "at the close", since);
        }

        if (!scribbler.HasExited && primary is null)
        {
            // Its own Close may have come to grief in what it wrote.
            since = scribbler.Kill();
            if (survivor.TryExpect(name, _set, limit: Notice.Limit) is { } last)
            {
                return Ended(last, "at the kill", since);
            }
        }

        _verdict.Violate(
            $"{survivor}: the run has not ended within {Notice.Limit.TotalSeconds} s of the scribbler's end. Last seen:\n"
            + $"{survivor.Tail(_set)}\n"
            + $"and by the scribbler:\n{scribbler.Tail(_set)}");
        return null;
    }

    private PeerEvent Ended(PeerEvent ended, string how, long since)
    {
        _verdict.Outcome = how;
        _verdict.Latency(ended.At - since);
        return ended;
    }

    private void JudgeServer(PeerEvent served)
    {
        string abort = served.Text("abort");
        _verdict.Outcome += abort.Length == 0 ? ", completed" : $", {abort}";
        if (served.Text("violations").Length > 0 || served.Number("sent") != served.Number("called"))
        {
            _verdict.Violate($"callbacks: {served}");
        }

        if (served.Code is not ("NOERROR" or "VD_E_ABORT"))
        {
            _verdict.Violate($"the server's run ended in no specified way: {served}");
        }
    }

    private void JudgeHonestPrimary(Peer primary)
    {
        // The other party of the affected set ends too: it is asked to, as the test knows no other reason.
        primary.Send(Requests.Abort(_set));
        if (primary.TryExpect("stored", _set, limit: Notice.Limit) is null)
        {
            _verdict.Violate($"{primary}: the run has not ended within {Notice.Limit.TotalSeconds} s of the abort");
            return;
        }

        JudgeDevices(primary);
        CheckClosed(primary.Call(Requests.Close(_set)));
    }

    private void JudgeDevices(Peer client)
    {
        for (PeerEvent? end; (end = client.TryExpect("device-end", _set, limit: TimeSpan.Zero)) is not null;)
        {
            // What it was sent may be nonsense, and then its content is; what the interface answered may not be.
            if (end.Text("error").Length > 0 || end.Code is not ("VD_E_CLOSE" or "VD_E_ABORT"))
            {
                _verdict.Violate($"a device ended in no specified way: {end}");
            }
        }
    }

    private bool Retire(Peer scribbler, string name)
    {
        if (scribbler.HasExited)
        {
            return false;
        }

        scribbler.Send(Requests.Close(_set));
        bool isWell = scribbler.TryExpect(name, _set, limit: s_scribblerPatience) is not null
            && scribbler.TryExpect("result", _set, limit: s_scribblerPatience) is not null
            && scribbler.Exceptions.Count == 0;
        if (isWell)
        {
            scribbler.Call(new Request("forget").With("run", _set));
        }

        return isWell;
    }

    private void Collect(Peer survivor)
    {
        survivor.Exceptions.ForEach(_verdict.Violate);
        survivor.Exceptions.Clear();
        if (survivor.HasExited)
        {
            _verdict.Violate($"{survivor}: the process has ended");
            return;
        }

        survivor.Send(new Request("forget").With("run", _set));
        survivor.Forget(_set);
    }

    private void Require(PeerEvent seen)
    {
        if (seen.Code != "NOERROR")
        {
            _verdict.Violate($"expected NOERROR, found {seen}");
        }
    }

    private void CheckClosed(PeerEvent closed)
    {
        if (closed.Code is not ("NOERROR" or "VD_E_PROTOCOL" or "VD_E_OPEN"))
        {
            _verdict.Violate($"Close ended in no specified way: {closed}");
        }
    }
}
